import type { LearntBy, Phase } from '../../shared/scan.ts';
import type { Tx } from '../store/index.ts';
import type { ConnectionRow, ScanRow } from '../store/schema.ts';
import { spellings } from './rx-id.ts';

/** How a case counts in the ledger's sum: once, by the most telling of its versions. */
export type CameBy = ScanRow['came_by'];

/** One version as far as it decides how its case came. */
export interface LearntVersion {
  readonly learntBy: LearntBy;
  readonly phase: Phase;
  /** The first version seen of its case. */
  readonly first: boolean;
  /** A notification for it was on disk when it became visible. */
  readonly notified: boolean;
}

const RANK: Readonly<Record<CameBy, number>> = { backfill: 0, notification: 1, recovered: 2 };

/**
 * align-api §6, the case-flow table: a step that makes work for the doctor or the lab is notified, its beginning (modeling,
 * rescan, second interpretation) is not. Learning of the latter by poll says nothing about the callback.
 */
export function isNotified(phase: Phase): boolean {
  return phase !== 'modeling' && phase !== 'rescan' && phase !== 'milling';
}

/**
 * What one version says about how its case came; null: nothing. Recovered is what our own looking made visible although a
 * notification was due, and none had come. A new case is due whatever its status: its first notification was missed.
 * Pure. Source: docs/decisions/0011.
 */
export function classOf(version: LearntVersion): CameBy | null {
  switch (version.learntBy) {
    case 'notification':
      return 'notification';
    case 'backfill':
      return 'backfill';
    case 'poll':
    case 'recheck':
      if (version.notified) return 'notification';
      return version.first || isNotified(version.phase) ? 'recovered' : null;
    default:
      return version.learntBy satisfies never;
  }
}

export function moreTelling(before: CameBy | null, version: CameBy | null): CameBy {
  const a = before ?? 'backfill';
  const b = version ?? 'backfill';
  return RANK[b] > RANK[a] ? b : a;
}

/** When the oldest notification of this RX was put on disk that waits to be looked at (ms); null: none waits. */
export async function notifiedAt(tx: Tx, connection: ConnectionRow, rxId: string | null): Promise<number | null> {
  if (rxId === null) return null;
  const hint = await tx
    .selectFrom('hints')
    .select((eb) => eb.fn.min('received_at').as('at'))
    .where('environment', '=', connection.environment)
    .where('connection_id', '=', connection.id)
    .where('rx_id', 'in', spellings(rxId))
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return hint?.at ?? null;
}
