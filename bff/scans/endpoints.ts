import {
  fullRxSchema,
  markReadSchema,
  scanDetailSchema,
  scanListSchema,
  searchScansSchema,
  unreadSchema,
  type ScanList,
  type SearchScans,
} from '../../shared/scan.ts';
import type { AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock } from '../deps.ts';
import { sessionEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import { rethrowAsProblem } from '../pairing/to-problem-error.ts';
import type { Store } from '../store/index.ts';
import type { Principal } from '../tenancy.ts';
import type { Vault } from '../vault/vault.ts';
import type { AssetLinks } from './asset-link.ts';
import { countCases } from './count-cases.ts';
import { findCases, findScan, findVersions } from './find-scan.ts';
import { markRead } from './read-marks.ts';
import { searchScans } from './search.ts';
import { toScan, toScanDetail, type Onlooker } from './to-scan.ts';

export interface ScanEndpointParts {
  readonly store: Store;
  readonly connections: Pick<Connections, 'current' | 'requireActive'>;
  readonly vault: Vault;
  readonly align: Pick<AlignPort, 'environment' | 'fullRx'>;
  readonly audit: Audit;
  readonly links: AssetLinks;
  readonly clock: Clock;
}

export function createScanEndpoints(parts: ScanEndpointParts): Endpoint[] {
  const { store, connections, audit, links } = parts;
  const find = (principal: Principal, orderId: string) =>
    findScan(store.db, connections, { ...principal, chart: chartOf(principal) }, orderId);

  return [
    sessionEndpoint({
      method: 'post',
      path: '/v1/scans/search',
      summary: 'The scans this session may see, newest change first, with counts',
      scopes: ['scan:read'],
      body: searchScansSchema,
      answer: scanListSchema,
      handle: ({ principal, body }) => list(parts, principal, body),
    }),
    sessionEndpoint({
      method: 'get',
      path: '/v1/scans/:orderId',
      summary: 'One scan with its history and links to its pictures and files',
      scopes: ['scan:read'],
      answer: scanDetailSchema,
      async handle({ principal, params }) {
        const { row, cases } = await find(principal, params['orderId'] ?? '');
        const versions = await findVersions(store.db, cases, row.order_id);
        await store.write((tx) => audit.record(tx, principal, 'scan.viewed', row.order_id, 'ok'));
        return toScanDetail(row, versions, links, toOnlooker(principal));
      },
    }),
    sessionEndpoint({
      method: 'get',
      path: '/v1/scans/:orderId/rx',
      summary: 'The whole prescription with names resolved, read from iTero',
      scopes: ['scan:read'],
      answer: fullRxSchema,
      async handle({ principal, params }) {
        const { row } = await find(principal, params['orderId'] ?? '');
        const rxId = row.rx_id;
        if (rxId === null) throw new ProblemError('not_found');
        const connection = await connections.requireActive(principal);
        const rx = await parts.vault
          .withToken({ connection, userId: principal.userId }, (token) => parts.align.fullRx(token, rxId))
          .catch(rethrowAsProblem);
        await store.write((tx) => audit.record(tx, principal, 'scan.viewed', row.order_id, 'ok'));
        return rx;
      },
    }),
    sessionEndpoint({
      method: 'post',
      path: '/v1/scans/:orderId/read',
      summary: 'Marks a version of a scan as read or unread for this user',
      scopes: ['scan:read'],
      body: markReadSchema,
      answer: unreadSchema,
      async handle({ principal, params, body }) {
        const { row, cases } = await find(principal, params['orderId'] ?? '');
        const { userId } = principal;
        const { version, read } = body;
        const known = await markRead(store, parts.clock, { scan: row, userId, version, read });
        if (!known) throw new ProblemError('not_found');
        const { unread } = await countCases(store.db, cases, userId, chartOf(principal));
        return { unread };
      },
    }),
  ];
}

async function list(parts: ScanEndpointParts, principal: Principal, filter: SearchScans): Promise<ScanList> {
  const { store, connections, audit, links } = parts;
  const boundChart = chartOf(principal);
  if (boundChart !== null && filter.chartNumber !== undefined && filter.chartNumber !== boundChart) {
    throw new ProblemError('wrong_patient');
  }
  if (boundChart !== null && filter.status === 'unmatched') {
    throw new ProblemError('invalid_request', { errors: [{ path: 'status', expected: 'a clinic-wide session' }] });
  }
  const found = await findCases(connections, principal);
  if (found === null) return { items: [], nextCursor: null, unread: 0, unmatched: 0, total: 0 };
  const { userId } = principal;
  const { rows, ...rest } = await searchScans(store.db, { cases: found.cases, userId, boundChart, filter });
  await store.write((tx) => audit.record(tx, principal, 'scan.listed', null, 'ok'));
  const onlooker = toOnlooker(principal);
  return { ...rest, items: rows.map((row) => toScan(row, links, onlooker)) };
}

function chartOf(principal: Principal): string | null {
  return principal.patient?.chartNumber ?? null;
}

function toOnlooker(principal: Principal): Onlooker {
  return { holder: principal, mayDownload: principal.scopes.includes('scan:download') };
}
