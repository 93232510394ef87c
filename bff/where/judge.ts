import type { WhereRule } from '../../shared/where.ts';
import type { ConnectionRow } from '../store/schema.ts';
import { accountOf, checksOf, evidence, judged, wordOf, type Judged } from './evidence.ts';
import type { Facts } from './facts.ts';
import { judgeCase } from './judge-case.ts';
import { judgeRequest, stageOf } from './judge-request.ts';

const MOST = 10;

/** Who asks looks for what is not where it should be: that first, then what is there, then what was looked through. */
const RANK: Readonly<Record<WhereRule, number>> = {
  other_identity: 0,
  scanner_too_old: 0,
  files_missing: 0,
  sending: 0,
  modeling: 0,
  never_opened: 0,
  not_connected: -1,
  other_clinic: 0,
  here: 1,
  no_notifications: 3,
  unknown: 4,
};
/** What only looks alike never goes before what was asked for. */
const SIMILAR = 2;

/** Facts → findings, most telling first, never empty. Pure. Source: issue 3 §4, docs/decisions/0011. */
export function judgeWhere(facts: Facts): Judged[] {
  const { connection } = facts;
  if (connection === null) return [judged('not_connected', 'connect', [], { at: facts.now })];
  const found = [
    ...facts.cases.map((one) => judgeCase(one, facts)),
    ...facts.requests.map((one) => judgeRequest(one, facts)),
    ...facts.elsewhere.map((one) =>
      judged('other_clinic', 'choose_other_clinic', [evidence('account', one.accountName)], { at: facts.now }),
    ),
    ...judgeTyped(facts),
  ];
  const clinic = judgeClinic(connection, facts, found);
  const telling = found.sort(byRank).slice(0, MOST - clinic.length);
  return noteChecks([...telling, ...clinic].sort(byRank), facts);
}

function byRank(a: Judged, b: Judged): number {
  return rankOf(a) - rankOf(b) || b.at - a.at;
}

function rankOf({ rule, similar }: Judged): number {
  return similar ? SIMILAR : RANK[rule];
}

/** The newest that is here may not be the one that is missed: it says up to when iTero was compared. */
function noteChecks(findings: Judged[], facts: Facts): Judged[] {
  const newest = findings.findIndex(({ rule }) => rule === 'here');
  return findings.map((one, at) => (at === newest ? { ...one, evidence: [...one.evidence, ...checksOf(facts)] } : one));
}

/** An RX id that this clinic never sent: an RX made on the scanner or in MyiTero, or another clinic's. */
function judgeTyped({ typed, now }: Facts): Judged[] {
  if (typed === null) return [];
  const asked = evidence('asked_upstream', wordOf(typed.answer), now);
  switch (typed.answer.kind) {
    case 'status':
      return [
        { ...stageOf(typed.answer.status), evidence: [asked], requestId: null, row: null, similar: false, at: now },
      ];
    case 'other_account':
      return [judged('other_clinic', 'choose_other_clinic', [asked], { at: now })];
    case 'found':
    case 'not_found':
    case 'no_answer':
      return [];
    default:
      return typed.answer satisfies never;
  }
}

/**
 * Why what is looked for may not have come, also where something older is here; where nothing is, the last one says what
 * was looked through.
 */
function judgeClinic(connection: ConnectionRow, facts: Facts, found: readonly Judged[]): Judged[] {
  const { now, typed } = facts;
  const checks = checksOf(facts);
  const clinic: Judged[] = [];
  if (connection.state !== 'paired') {
    if (found.some(({ rule }) => rule === 'not_connected')) return clinic;
    clinic.push(judged('not_connected', 'connect', [...accountOf(connection), ...checks], { at: now }));
  } else if (isUnheard(connection)) {
    const last = evidence('last_notification', null, connection.last_notification_at);
    clinic.push(judged('no_notifications', 'repair_notifications', [last, ...checks], { at: now }));
  }
  if (found.length > 0) return clinic;
  const asked = typed === null ? [] : [evidence('asked_upstream', wordOf(typed.answer), now)];
  const account = evidence('account', connection.account_name);
  return [...clinic, judged('unknown', 'search_again', [account, ...asked, ...checks], { at: now })];
}

/** Notifications do not come: what is new is learnt at the next full check (rules.md "Un-pair"). */
function isUnheard({ callback_state }: ConnectionRow): boolean {
  return callback_state === 'none' || callback_state === 'suspect';
}
