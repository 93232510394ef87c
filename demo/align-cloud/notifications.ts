import type { Cloud } from './cloud.ts';
import type { FaultKind, FaultSpec } from './faults.ts';
import type { NotificationRecord, Rx } from './model.ts';
import { keep } from './state.ts';

/** The sender waits this long and never tries again (align-api §9). */
const PATIENCE_MS = 5000;

function request(cloud: Cloud, callbackUrl: string, rx: Rx): [string, RequestInit] {
  const message = { rxId: rx.rxId, accountNumber: String(rx.companyId) };
  const { notificationStyle } = cloud.flags;
  if (notificationStyle === 'json') {
    const headers = { 'content-type': 'application/json' };
    return [callbackUrl, { method: 'POST', headers, body: JSON.stringify(message) }];
  }
  if (notificationStyle === 'form') return [callbackUrl, { method: 'POST', body: new URLSearchParams(message) }];
  const url = new URL(callbackUrl);
  for (const [name, value] of Object.entries(message)) url.searchParams.set(name, value);
  return [url.href, { method: 'GET' }];
}

async function post(cloud: Cloud, record: NotificationRecord, rx: Rx): Promise<void> {
  const callbackUrl = cloud.state.accounts.get(rx.companyId)?.callbackUrl ?? cloud.state.partnerCallbackUrl;
  if (callbackUrl === undefined) {
    record.outcome = 'no callback';
    return;
  }
  record.outcome = 'sending';
  const byClock = new AbortController();
  const stop = cloud.clock.after(PATIENCE_MS, () => byClock.abort());
  const [url, init] = request(cloud, callbackUrl, rx);
  try {
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      // A clock that is moved by hand may stand still: then real time ends it, later than any busy machine answers.
      signal: AbortSignal.any([byClock.signal, AbortSignal.timeout(6 * PATIENCE_MS)]),
    });
    await answer.body?.cancel();
    record.status = answer.status;
    record.outcome = answer.ok ? 'delivered' : 'refused';
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    record.outcome = name === 'TimeoutError' || name === 'AbortError' ? 'timed out' : 'failed';
  } finally {
    stop();
  }
}

function write(cloud: Cloud, rx: Rx, why: string, note?: string): NotificationRecord {
  return keep(cloud.state.notifications, {
    id: cloud.state.nextId++,
    at: cloud.clock.now(),
    companyId: rx.companyId,
    rxId: rx.rxId,
    why,
    outcome: 'waiting',
    status: undefined,
    note,
  });
}

function deliver(cloud: Cloud, record: NotificationRecord, rx: Rx): void {
  const overtaken = cloud.held.splice(0);
  cloud.track(
    post(cloud, record, rx).finally(() => {
      for (const release of overtaken) release();
    }),
  );
}

type Sabotage = (cloud: Cloud, rx: Rx, why: string, fault: FaultSpec) => void;

const SABOTAGE: Partial<Record<FaultKind, Sabotage>> = {
  drop(cloud, rx, why) {
    write(cloud, rx, why, 'fault: dropped').outcome = 'dropped';
  },
  double(cloud, rx, why, { ms }) {
    deliver(cloud, write(cloud, rx, why, 'fault: doubled'), rx);
    const again = (): void => deliver(cloud, write(cloud, rx, why, 'fault: the second of two'), rx);
    if (ms === undefined) again();
    else cloud.clock.after(ms, again);
  },
  late(cloud, rx, why, { seconds = 60 }) {
    const record = write(cloud, rx, why, `fault: ${seconds} s late`);
    cloud.clock.after(seconds * 1000, () => deliver(cloud, record, rx));
  },
  'out-of-order'(cloud, rx, why) {
    const record = write(cloud, rx, why, 'fault: sent after the next one');
    cloud.held.push(() => deliver(cloud, record, rx));
  },
};

/** Tells the account's callback URL, or does what a fault wants instead. Never waits, never tries again. */
export function notify(cloud: Cloud, rx: Rx, why: string): void {
  const kinds = Object.keys(SABOTAGE) as FaultKind[];
  const fault = cloud.faults.take('notification', kinds, { companyId: rx.companyId });
  const sabotage = fault === undefined ? undefined : SABOTAGE[fault.kind];
  if (fault === undefined || sabotage === undefined) deliver(cloud, write(cloud, rx, why), rx);
  else sabotage(cloud, rx, why, fault);
}

/** Sent before Get Order by RX ID knows the order: a hint that meets a 404. */
export function notifyEarly(cloud: Cloud, rx: Rx): void {
  deliver(cloud, write(cloud, rx, 'scanned', 'fault: sent before the case is ready'), rx);
}
