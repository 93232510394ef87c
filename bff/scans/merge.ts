import type { LearntBy } from '../../shared/scan.ts';
import type { AlignPort, UpstreamOrder } from '../align/index.ts';
import type { Clock } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { judge } from './judge.ts';
import { offerToUnconfirmed } from './match-request.ts';
import { announce } from './merge-events.ts';
import { observe, type Observation } from './observe.ts';
import { storeCase, storeVersion } from './store-case.ts';

/**
 * align-api §6, the case-flow table: a step that makes work for the doctor or the lab is notified, its beginning (modeling,
 * rescan, second interpretation) is not. Learning of the latter by poll says nothing about the callback.
 */
function isNotified({ phase }: UpstreamOrder): boolean {
  return phase !== 'modeling' && phase !== 'rescan' && phase !== 'milling';
}

export interface MergeInput {
  readonly connection: ConnectionRow;
  readonly order: UpstreamOrder;
  readonly learntBy: LearntBy;
  /** Part of the first listing: counts as read, announces nothing. */
  readonly backfill?: boolean;
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
}): Merge {
  const { store, events, connections, align, clock } = parts;

  async function mergeIn(tx: Tx, input: MergeInput): Promise<MergeOutcome> {
    const { connection, order } = input;
    const learntBy = input.backfill === true ? 'backfill' : input.learntBy;
    const now = clock.now();
    const seen: Observation = await observe(tx, connection, order);
    const verdict = judge(seen.present, (version) => seen.known.has(version), order);
    if (verdict.kind === 'stale') return { outcome: 'none', version: null };

    const write = { connection, order, seen, verdict, learntBy, now, timings: align.environment().timings };
    const stored = await storeCase(tx, write);
    if (verdict.kind === 'version') {
      await storeVersion(tx, write, stored.after);
      if (learntBy !== 'backfill' && isNotified(order))
        await connections.noteVersionLearnt(tx, connection.id, learntBy);
      // Old cases of the first listing are unpacked when somebody looks.
      if (verdict.changed.includes('gallery') && learntBy !== 'backfill') {
        const { orderId } = order;
        const { version } = verdict;
        store.afterCommit(tx, () => parts.onGallery?.({ connection, orderId, version }));
      }
    }
    await announce(tx, events, write, stored);
    if (seen.request === null && order.rxId !== null) await offer(tx, connection, order, now);
    if (verdict.kind === 'version') return { outcome: 'announced', version: verdict.version };
    return { outcome: stored.newsOfIdentity ? 'updated' : 'none', version: verdict.version };
  }

  async function offer(tx: Tx, connection: ConnectionRow, order: UpstreamOrder, now: number): Promise<void> {
    const offered = await offerToUnconfirmed(tx, connection, order, now);
    if (offered === null) return;
    const { vendor, tenant, environment } = connection;
    await events.append(tx, {
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
    merge(input) {
      const { connection, order } = input;
      if (order.accountId !== connection.account_id) {
        // A case belongs to the account it came from: it must never show up under another one.
        return Promise.reject(new Error('the order belongs to another account than the connection'));
      }
      return store.write((tx) => mergeIn(tx, input));
    },
  };
}
