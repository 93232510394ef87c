import type { LearntBy } from '../../shared/scan.ts';
import type { AlignPort, UpstreamOrder } from '../align/index.ts';
import type { Clock, FlowMeter } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { judge } from './judge.ts';
import { isNotified, notifiedAt } from './ledger-class.ts';
import { offerToUnconfirmed } from './match-request.ts';
import { announce } from './merge-events.ts';
import { observe, type Observation } from './observe.ts';
import { dueAt, storeCase, storeVersion } from './store-case.ts';
import { createTeller, type Tell } from './teller.ts';

export interface MergeInput {
  readonly connection: ConnectionRow;
  readonly order: UpstreamOrder;
  readonly learntBy: LearntBy;
  /** Part of the first listing: counts as read, announces nothing. */
  readonly backfill?: boolean;
  /**
   * When the notification that led here was put on disk (ms since the epoch), where the caller knows: looking for it reads all that
   * waits of the clinic, which in a burst is much.
   */
  readonly toldAt?: number;
  /**
   * `Store.now()` from before upstream was asked. An answer may land long after one that was asked for later, and must not take
   * back what that one brought. Absent: now, for callers whose order was on no way.
   */
  readonly askedAt?: number;
}

/** `announced`: a version became visible; `updated`: its patient or its request changed; `none`: nothing new. */
export interface MergeOutcome {
  readonly outcome: 'announced' | 'updated' | 'none';
  readonly version: string | null;
}

export interface Merge {
  /**
   * The one way in for every observation of an order: one transaction writes the version, its event and how it was learnt.
   * Idempotent; in any order each version becomes visible once and the newest is shown (product.md promise 1).
   * @throws Error when the order belongs to another account than the connection
   */
  merge(input: MergeInput): Promise<MergeOutcome>;
}

export function createMerge(parts: {
  store: Store;
  events: EventLog;
  connections: Pick<Connections, 'noteVersionLearnt'>;
  align: Pick<AlignPort, 'environment'>;
  clock: Clock;
  /** Told after the commit of a version that brought another gallery. */
  onGallery?: (scan: { connection: ConnectionRow; orderId: string; version: string }) => void;
  meter?: FlowMeter;
}): Merge {
  const { store, events, connections, align, clock } = parts;

  async function mergeIn(tx: Tx, input: MergeInput, askedAt: number): Promise<MergeOutcome> {
    const { connection, order } = input;
    const learntBy = input.backfill === true ? 'backfill' : input.learntBy;
    const now = clock.now();
    const seen: Observation = await observe(tx, connection, order);
    const verdict = judge(seen.present, (version) => seen.known.has(version), order, askedAt);
    if (verdict.kind === 'stale') return { outcome: 'none', version: null };

    // History was notified to whoever was connected then.
    const told = verdict.kind === 'version' && learntBy !== 'backfill';
    const notified = told ? (input.toldAt ?? (await notifiedAt(tx, connection, order.rxId))) : null;
    const { timings } = align.environment();
    const write = { connection, order, seen, verdict, learntBy, notifiedAt: notified, now, askedAt, timings };
    const stored = await storeCase(tx, write);
    if (verdict.kind === 'version') {
      await storeVersion(tx, write, stored.after);
      // What was due before the newest Pair nobody could tell us, or told the former callback: of this one it says nothing.
      const wasDue = notified !== null || dueAt(order) >= connection.last_pair_at;
      if (told && isNotified(order.phase) && wasDue) {
        // A poll that was faster than the notification on disk says nothing against the callback.
        await connections.noteVersionLearnt(tx, connection.id, notified === null ? learntBy : 'notification');
      }
      store.afterCommit(tx, () => parts.meter?.version(learntBy, now - dueAt(order)));
      // Old cases of the first listing are unpacked when somebody looks.
      if (verdict.changed.includes('gallery') && learntBy !== 'backfill') {
        const { orderId } = order;
        const { version } = verdict;
        store.afterCommit(tx, () => parts.onGallery?.({ connection, orderId, version }));
      }
    }
    const tell = createTeller(tx, events, connection);
    await announce(tell, write, stored);
    if (seen.request === null && order.rxId !== null) {
      await offer(tx, tell, input, seen.before?.created_at ?? now, now);
    }
    if (verdict.kind === 'version') return { outcome: 'announced', version: verdict.version };
    return { outcome: stored.newsOfIdentity ? 'updated' : 'none', version: verdict.version };
  }

  async function offer(
    tx: Tx,
    tell: Tell,
    { connection, order }: MergeInput,
    knownSince: number,
    now: number,
  ): Promise<void> {
    const offered = await offerToUnconfirmed(tx, connection, order, knownSince, now);
    if (offered === null) return;
    const { vendor, tenant, environment } = connection;
    await tell({
      vendor,
      tenant,
      environment,
      type: 'scan_request.unconfirmed',
      data: { requestId: offered.id, orderId: order.orderId },
      requestId: offered.id,
      orderId: order.orderId,
      charts: [offered.chartNumber],
    });
  }

  return {
    async merge(input) {
      const { connection, order } = input;
      if (order.accountId !== connection.account_id) {
        // A case belongs to the account it came from: it must never show up under another one.
        throw new Error('the order belongs to another account than the connection');
      }
      const askedAt = input.askedAt ?? (await store.now());
      // The tenant's turn: the judgement reads what it then writes.
      return store.write((tx) => mergeIn(tx, input, askedAt), connection);
    },
  };
}
