/** A clinic's day in fast motion: scans and steps of cases at the simulator, each told by a sender that keeps a journal. */
import { request } from 'node:http';
import type { Order } from '../../demo/align-cloud/model.ts';
import type { SentNotification } from './history.ts';
import type { Seeded } from './seeded.ts';
import type { PairedClinic, Stage } from './stage.ts';

/** The sender waits this long and never tries again (align-api §9). */
const PATIENCE_MS = 5000;

/** Posts a notification as upstream does, over a connection of its own, and tells what became of it. */
export function sendNotification(
  url: string,
  message: { rxId: string; accountNumber: string },
): Promise<{ answer: SentNotification['answer']; status: number }> {
  return new Promise((resolve) => {
    const body = JSON.stringify(message);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    let status = 0;
    const call = request(url, { method: 'POST', headers, agent: false, timeout: PATIENCE_MS }, (response) => {
      status = response.statusCode ?? 0;
      response.resume();
      // The head of an answer is an answer: whoever sent it has decided.
      const answer = status >= 200 && status < 300 ? 'acknowledged' : 'refused';
      response.once('close', () => resolve({ answer, status }));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve({ answer: 'unknown', status }));
    call.once('close', () => resolve({ answer: 'unknown', status }));
    call.end(body);
  });
}

export interface Traffic {
  readonly journal: readonly SentNotification[];
  readonly acknowledged: number;
  /** Changes upstream: scans and steps. */
  readonly changes: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Told of each answer that was a 2xx. Returns its own removal. */
  onAcknowledged(listener: () => void): () => void;
  /** Begins nothing more; resolves when every answer is in. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly stage: Stage;
  readonly random: Seeded;
  /** Between two changes upstream (ms). */
  readonly pauseMs: number;
  /** Share of notifications that upstream loses. */
  readonly lost?: number;
  /** Waits before each change, e.g. until somebody is there. */
  readonly ready?: () => boolean;
}

const STEPS: Partial<Record<Order['status'], 'sent-to-modeling' | 'modeling-completed'>> = {
  Completed: 'sent-to-modeling',
  'iTero Modeling': 'modeling-completed',
  'Lab Review': 'sent-to-modeling',
};

export function startTraffic({ stage, random, pauseMs, lost = 0, ready = () => true }: TrafficOptions): Traffic {
  const journal: SentNotification[] = [];
  const statuses = new Map<number, number>();
  const listeners = new Set<() => void>();
  const open = new Set<Promise<void>>();
  const rxIds = new Map<PairedClinic, string[]>();
  let acknowledged = 0;
  let changes = 0;
  const over = new AbortController();

  function tell(clinic: PairedClinic, rxId: string): void {
    const at = stage.cloud.clock.now();
    const message = { rxId, accountNumber: clinic.accountId };
    const note = async (): Promise<void> => {
      const { answer, status } = await sendNotification(stage.callbackUrl(clinic), message);
      journal.push({ clinic: clinic.name, rxId, at, answer });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (answer !== 'acknowledged') return;
      acknowledged += 1;
      for (const listener of listeners) listener();
    };
    const kept = note().finally(() => open.delete(kept));
    open.add(kept);
  }

  /** @returns the RX that a change of this clinic's cases belongs to */
  async function change(clinic: PairedClinic): Promise<string> {
    const { cloud } = stage;
    const known = rxIds.get(clinic) ?? [];
    rxIds.set(clinic, known);
    changes += 1;
    if (known.length > 0 && random.chance(0.3)) {
      const rxId = random.pick(known);
      const order = [...cloud.state.orders.values()].find((one) => one.rxId === rxId);
      const event = order === undefined ? undefined : STEPS[order.status];
      if (order !== undefined && event !== undefined && !order.busy) {
        await cloud.perform({ do: 'move', orderId: order.orderId, event }).finished;
        return rxId;
      }
    }
    const done = cloud.perform({ do: 'scan-without-rx', companyId: clinic.companyId });
    await done.finished;
    const rxId = done.rxId ?? '';
    known.push(rxId);
    return rxId;
  }

  async function once(): Promise<void> {
    const clinic = random.pick(stage.clinics);
    const rxId = await change(clinic);
    if (random.chance(lost)) return;
    tell(clinic, rxId);
    if (random.chance(0.25)) tell(clinic, rxId);
    // Upstream replays what it told long ago, and tells of what it does not know yet.
    if (random.chance(0.1)) tell(clinic, random.pick(rxIds.get(clinic) ?? [rxId]));
    if (random.chance(0.02)) tell(clinic, `unknown-${random.between(1, 1e9)}`);
  }

  const running = (async () => {
    while (!over.signal.aborted) {
      if (ready()) await Promise.all(Array.from({ length: random.between(1, 3) }, once));
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + random.next())));
    }
  })();

  return {
    journal,
    statuses,
    get acknowledged() {
      return acknowledged;
    },
    get changes() {
      return changes;
    },
    onAcknowledged(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      over.abort();
      await running;
      await Promise.all(open);
    },
  };
}
