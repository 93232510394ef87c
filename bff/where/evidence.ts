import type { EvidenceKind, Finding, WhereAction, WhereRule } from '../../shared/where.ts';
import type { MarkedScan } from '../scans/case-query.ts';
import type { ConnectionRow, ScanRequestRow } from '../store/schema.ts';
import type { Facts, RxAnswer } from './facts.ts';

export type Evidence = Finding['evidence'][number];

/** A finding before links are made: `row` is the case to show. `at` orders those of one rank (ms since the epoch). */
export interface Judged {
  readonly rule: WhereRule;
  readonly action: WhereAction;
  readonly evidence: readonly Evidence[];
  readonly requestId: string | null;
  readonly row: MarkedScan | null;
  /** It may be somebody else's: only the name looks alike. */
  readonly similar: boolean;
  readonly at: number;
}

/** The connected account, and since when it is not. */
export function accountOf(connection: ConnectionRow): Evidence[] {
  const account = evidence('account', connection.account_name);
  if (connection.state === 'paired') return [account];
  return [account, evidence('account_lost', connection.state, connection.ended_at)];
}

/** Up to when everything was compared, and when it is next: nobody asks while the clinic is not connected. */
export function checksOf({ connection, nextCheckAt }: Pick<Facts, 'connection' | 'nextCheckAt'>): Evidence[] {
  if (connection === null) return [];
  const last = evidence('last_full_check', null, connection.last_full_check_at);
  return nextCheckAt === null || connection.state !== 'paired'
    ? [last]
    : [last, evidence('next_check', null, nextCheckAt)];
}

export function requestedAs(request: ScanRequestRow): Evidence {
  return evidence('requested_as', identity(request), request.created_at);
}

export function identity(row: { first_name: string; last_name: string; chart_number: string }): string {
  return [`${row.first_name} ${row.last_name}`.trim(), row.chart_number].filter((part) => part !== '').join(', ');
}

/** Upstream's own word where it has one. */
export function wordOf(answer: RxAnswer): string {
  return answer.kind === 'status' ? answer.status : answer.kind;
}

/** @param at ms since the epoch */
export function evidence(kind: EvidenceKind, value: string | null, at: number | null = null): Evidence {
  return { kind, value, at: at === null ? null : new Date(at).toISOString() };
}

export function judged(
  rule: WhereRule,
  action: WhereAction,
  because: readonly Evidence[],
  of: {
    readonly at: number;
    readonly requestId?: string;
    readonly row?: MarkedScan | null;
    readonly similar?: boolean;
  },
): Judged {
  const { at, requestId = null, row = null, similar = false } = of;
  return { rule, action, evidence: because, requestId, row, similar, at };
}
