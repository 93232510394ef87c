import { Buffer } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Vendor, Vendors } from '../vendors.ts';

/** Finds the vendor of an API key. Every hash is looked at, each in constant time: the time says nothing about a key. */
export function findVendorByKey(vendors: Vendors, key: string): Vendor | null {
  const presented = createHash('sha256').update(key).digest();
  let found: Vendor | null = null;
  for (const vendor of vendors.all()) {
    for (const hash of vendor.apiKeyHashes) {
      if (timingSafeEqual(presented, Buffer.from(hash, 'hex'))) found = vendor;
    }
  }
  return found;
}
