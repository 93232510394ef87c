import { scanDetailSchema, scanListSchema, searchScansSchema } from '../../shared/scan.ts';
import { parse } from '../../shared/parse.ts';
import { vendorEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { TenantKey } from '../tenancy.ts';
import { VENDOR_USER } from './asset-link.ts';
import type { ScanEndpointParts } from './endpoints.ts';
import { findCases, findScan, findVersions } from './find-scan.ts';
import { searchScans } from './search.ts';
import { toScan, toScanDetail, type Onlooker } from './to-scan.ts';

/** The vendor's backend reads its clinics' scans, with links to the files (product.md "HTTP"). */
export function createServerScanEndpoints(parts: ScanEndpointParts): Endpoint[] {
  const { store, connections, links, audit } = parts;
  const keyOf = (vendor: string, tenant: string): TenantKey => ({
    vendor,
    tenant,
    environment: parts.align.environment().name,
  });

  return [
    vendorEndpoint({
      method: 'get',
      path: '/v1/server/:tenant/scans',
      summary: 'A clinic’s scans, newest change first. Query: status, from, to, cursor, limit',
      answer: scanListSchema,
      async handle({ vendor, params, query }) {
        const filter = parseQuery(query);
        const key = keyOf(vendor, params['tenant'] ?? '');
        const found = await findCases(connections, key);
        if (found === null) throw new ProblemError('not_found');
        const search = { cases: found.cases, userId: VENDOR_USER, boundChart: null, filter };
        const { rows, ...rest } = await searchScans(store.db, search);
        await store.write((tx) => audit.record(tx, toHolder(key), 'scan.listed', null, 'ok'));
        return { ...rest, items: rows.map((row) => toScan(row, links, toOnlooker(key))) };
      },
    }),
    vendorEndpoint({
      method: 'get',
      path: '/v1/server/:tenant/scans/:orderId',
      summary: 'One scan of a clinic with its history and links to its pictures and files',
      answer: scanDetailSchema,
      async handle({ vendor, params }) {
        const key = keyOf(vendor, params['tenant'] ?? '');
        const reader = { ...key, userId: VENDOR_USER, chart: null };
        const { row, cases } = await findScan(store.db, connections, reader, params['orderId'] ?? '');
        const versions = await findVersions(store.db, cases, row.order_id);
        await store.write((tx) => audit.record(tx, toHolder(key), 'scan.viewed', row.order_id, 'ok'));
        return toScanDetail(row, versions, links, toOnlooker(key));
      },
    }),
  ];
}

/** Chart numbers never travel in our URLs: this list has no filter by patient. */
function parseQuery(query: URLSearchParams) {
  const { chartNumber: _, ...wish } = Object.fromEntries(query) as Record<string, string>;
  const limit = wish['limit'] === undefined ? undefined : Number(wish['limit']);
  const parsed = parse(searchScansSchema, { ...wish, ...(limit !== undefined && { limit }) });
  if (!parsed.ok) throw new ProblemError('invalid_request', { errors: parsed.error });
  return parsed.value;
}

function toHolder(key: TenantKey) {
  return { ...key, userId: VENDOR_USER, sessionId: null };
}

function toOnlooker(key: TenantKey): Onlooker {
  return { holder: toHolder(key), mayDownload: true };
}
