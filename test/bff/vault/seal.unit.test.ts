import { describe, expect, it } from 'vitest';
import { createSystemRandom } from '../../../bff/clock.ts';
import { createSeal } from '../../../bff/vault/seal.ts';

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const random = createSystemRandom();
const seal = createSeal([key(1)], random);

describe('the seal', () => {
  it('opens what it closed, and never closes alike', () => {
    const [one, two] = [seal.seal('geheim ü', 'a'), seal.seal('geheim ü', 'a')];
    expect(one).not.toBe(two);
    expect(one).not.toContain(Buffer.from('geheim').toString('base64url'));
    expect(seal.unseal(one, 'a')).toBe('geheim ü');
    expect(seal.unseal(two, 'a')).toBe('geheim ü');
    expect(seal.unseal(seal.seal('', 'a'), 'a')).toBe('');
  });

  it('does not open under another context', () => {
    expect(() => seal.unseal(seal.seal('x', 'align_tokens/1/access'), 'align_tokens/2/access')).toThrow(
      'another purpose',
    );
  });

  it('notices every changed byte', () => {
    const sealed = Buffer.from(seal.sealBytes(Buffer.from('secret'), 'a'));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => seal.unsealBytes(changed, 'a'), `byte ${at}`).toThrow();
    }
    for (const length of [0, 10, sealed.length - 1]) {
      expect(() => seal.unsealBytes(sealed.subarray(0, length), 'a')).toThrow();
    }
  });

  it('opens older keys after a rotation, seals with the newest, and tells which are aged', () => {
    const old = seal.seal('x', 'a');
    const rotated = createSeal([key(2), key(1)], random);
    expect(rotated.unseal(old, 'a')).toBe('x');
    expect([rotated.isAged(old), rotated.isAged(rotated.seal('x', 'a'))]).toEqual([true, false]);
    expect(() => seal.unseal(rotated.seal('x', 'a'), 'a')).toThrow('not in encryptionKeys');
  });

  it('recognises a secret by its fingerprint under any key of the ring, and shows nothing of it', () => {
    const rotated = createSeal([key(2), key(1)], random);
    expect(rotated.fingerprints('token')).toContain(seal.fingerprints('token')[0]);
    expect(rotated.fingerprints('token')[0]).not.toBe(seal.fingerprints('token')[0]);
    expect(seal.fingerprints('token')[0]).not.toBe(seal.fingerprints('Token')[0]);
  });

  it('keeps bytes as they are', () => {
    const bytes = random.bytes(60_000);
    expect(Buffer.from(seal.unsealBytes(seal.sealBytes(bytes, 'a'), 'a')).equals(Buffer.from(bytes))).toBe(true);
  });

  it('refuses an empty ring and keys of another length', () => {
    expect(() => createSeal([], random)).toThrow('no encryption key');
    expect(() => createSeal([new Uint8Array(16)], random)).toThrow('32 bytes');
  });
});
