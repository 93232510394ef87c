import { FLOW, nextEvents } from '../case-flow.ts';
import type { Cloud } from '../cloud.ts';
import { toIso } from '../operations/orders.ts';
import { patientById } from '../operations/patients.ts';
import { isSupportedScanner } from '../operations/scan-requests.ts';

const RECENT = 200;

/** Everything the console shows and a test may want to see. No tokens, no passwords. */
export function stateView(cloud: Cloud): Record<string, unknown> {
  const { state } = cloud;
  const nameOf = (patientId: number): Record<string, unknown> => {
    const { firstName, lastName, chartNumber } = patientById(cloud, patientId);
    return { patientId, firstName, lastName, chartNumber };
  };
  return {
    seed: cloud.seed,
    clock: { kind: cloud.clock.kind, now: toIso(cloud.clock.now()) },
    urls: cloud.urls,
    region: { current: state.region, known: [...cloud.regions.keys()] },
    flags: cloud.flags,
    redirectUris: [...state.redirectUris],
    partnerCallbackUrl: state.partnerCallbackUrl ?? null,
    accounts: [...state.accounts.values()].map((account) => ({
      companyId: account.companyId,
      companyName: account.companyName,
      city: account.city,
      isConfigured: account.isConfigured,
      hasCallback: account.callbackUrl !== undefined,
      pairedUsers: [...account.paired.keys()].map((id) => state.users.find((user) => user.id === id)?.login ?? id),
      scanners: account.practice.scanners.filter(({ model }) => isSupportedScanner(model)),
      procedures: account.practice.procedures.map(({ id, name, types }) => ({ id, name, types })),
    })),
    patients: state.patients.map(({ companyId, patientId }) => ({ companyId, ...nameOf(patientId) })),
    rxs: [...state.rxs.values()].map((rx) => {
      const procedure = state.accounts.get(rx.companyId)?.practice.procedures.find(({ id }) => id === rx.procedureId);
      return {
        rxId: rx.rxId,
        companyId: rx.companyId,
        source: rx.source,
        state: rx.state,
        createdDate: toIso(rx.createdDate),
        patient: nameOf(rx.patientId),
        procedure: procedure?.name,
        procedureType: procedure?.types.find(({ id }) => id === rx.procedureTypeId)?.name ?? null,
        teeth: rx.teeth.map(({ adaId }) => adaId),
      };
    }),
    orders: [...state.orders.values()].map((order) => ({
      orderId: order.orderId,
      orderCode: order.orderCode,
      rxId: order.rxId,
      companyId: order.companyId,
      patient: nameOf(order.patientId),
      procedure: state.accounts
        .get(order.companyId)
        ?.practice.procedures.find(({ id }) => id === state.rxs.get(order.rxId)?.procedureId)?.name,
      status: order.status,
      available: order.available,
      busy: order.busy,
      revision: order.revision,
      scanDate: toIso(order.scanDate),
      modifiedDate: toIso(order.modifiedDate),
      assets: [...order.assets.keys()],
      pending: [...order.pending.keys()],
      next: nextEvents(order.status).map((event) => ({ event, label: FLOW[event].label })),
    })),
    notifications: state.notifications.slice(-RECENT).map((record) => ({ ...record, at: toIso(record.at) })),
    faults: cloud.faults.list(),
    calls: state.calls.slice(-RECENT).map((record) => ({ ...record, at: toIso(record.at) })),
  };
}
