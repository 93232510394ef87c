/** A clinic's desk against the simulator: a paired BFF and short words for what its people do. */
import { createAlignCloud, type FaultSpec } from '../../../demo/align-cloud/index.ts';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import { startBff } from '../../support/bff.ts';

let serial = 0;

/** Another person each time. */
export function patient() {
  serial += 1;
  return { firstName: 'Ana', lastName: `O'Neil ${serial}`, chartNumber: `C-${serial}` };
}

export function draft(change: object = {}) {
  return {
    patient: patient(),
    doctorId: '2001',
    procedureId: '4',
    procedureTypeId: '401',
    teeth: [{ adaId: 14, restorationType: 'Crown' }],
    ...change,
  };
}

/** Status and problem code. */
export async function code(answer: Response): Promise<unknown[]> {
  return [answer.status, ((await answer.json()) as { code: string }).code];
}

export async function openDesk() {
  const startAt = Date.UTC(2026, 10, 23, 9);
  const cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', seed: 7, startAt });
  const bff = await startBff({ cloud });
  await bff.pair('riverside');
  await bff.pair('lakeview');
  let token = '';
  const { store } = bff.bff;
  const call = (method: string, path: string, body?: unknown, as = token, headers = {}): Promise<Response> =>
    bff.call(as, method, path, body, headers);
  const send = (body: unknown, headers = {}, as = token): Promise<Response> =>
    call('POST', '/v1/scan-requests', body, as, headers);

  return {
    cloud,
    bff,
    store,
    call,
    send,
    sent: async (body: unknown): Promise<ScanRequest> => (await send(body)).json() as Promise<ScanRequest>,
    cancel: (id: string): Promise<Response> => call('DELETE', `/v1/scan-requests/${id}`),
    search: (body: object, as = token): Promise<Response> => call('POST', '/v1/scan-requests/search', body, as),
    check: (who: object, as = token): Promise<Response> =>
      call('POST', '/v1/scan-requests/check', { patient: who }, as),
    fault: (spec: Omit<FaultSpec, 'on'>, on: FaultSpec['on'] = 'scanRequest'): void =>
      void cloud.faults.add({ on, ...spec }),
    sendCalls: (): number => cloud.calls('scanRequest').length,
    rowsOf: (chart: string) =>
      store.db.selectFrom('scan_requests').selectAll().where('chart_number', '=', chart).execute(),
    eventsOf: (id: string) =>
      store.db.selectFrom('events').select(['type', 'charts', 'data']).where('request_id', '=', id).execute(),
    /** A fresh session of the dentist; no scripted fault is left. */
    async fresh(): Promise<void> {
      cloud.faults.clear();
      token = (await bff.mint('riverside')).session_token;
    },
    async close(): Promise<void> {
      await bff.stop();
      await cloud.close();
    },
  };
}

export type Desk = Awaited<ReturnType<typeof openDesk>>;
