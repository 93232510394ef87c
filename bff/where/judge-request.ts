import type { Phase } from '../../shared/scan.ts';
import type { WhereAction, WhereRule } from '../../shared/where.ts';
import { accountOf, evidence, judged, requestedAs, wordOf, type Evidence, type Judged } from './evidence.ts';
import type { Facts, RequestFact } from './facts.ts';

interface Stage {
  readonly rule: WhereRule;
  readonly action: WhereAction;
}

const NEVER_OPENED: Stage = { rule: 'never_opened', action: 'open_on_scanner' };
const SENDING: Stage = { rule: 'sending', action: 'wait' };
const MODELING: Stage = { rule: 'modeling', action: 'wait' };
const HERE: Stage = { rule: 'here', action: 'open_scan' };

/** align-api §6 "Scanner-side statuses that people know". */
const STAGES: Readonly<Record<string, Stage>> = {
  'rx created': NEVER_OPENED,
  scanning: SENDING,
  sending: SENDING,
  sent: SENDING,
  'exporting to doctor site': SENDING,
  'itero modeling': MODELING,
  'itero milling': MODELING,
  'align production': MODELING,
};

/** @param phase of a case; an RX without one that is past the scanner is on its way */
export function stageOf(status: string, phase?: Phase): Stage {
  const stage = STAGES[status.trim().toLowerCase()];
  if (stage !== undefined) return stage;
  if (phase === 'rescan') return SENDING;
  if (phase === 'modeling' || phase === 'milling') return MODELING;
  return phase === undefined ? SENDING : HERE;
}

/** What one request without a known case says. Pure. */
export function judgeRequest(fact: RequestFact, facts: Facts): Judged {
  const { row } = fact;
  const of = { at: row.created_at, requestId: row.id };
  const state = evidence('request_state', row.state, row.changed_at);
  switch (row.state) {
    case 'refused':
    case 'cancelled':
      return judged('unknown', 'search_again', [state], of);
    case 'sending':
      return judged('never_opened', 'wait', [state], of);
    case 'unconfirmed':
      if (fact.possible !== null) {
        const scanned = evidence('status', fact.possible.status, fact.possible.modified_at);
        return judged('here', 'open_scan', [state, scanned], { ...of, row: fact.possible });
      }
      return judged('unknown', 'search_again', [state, ...checked(facts)], of);
    case 'sent':
    case 'scanned':
      return judgeSent(fact, facts);
    default:
      return row.state satisfies never;
  }
}

function judgeSent({ row, answer, scanner }: RequestFact, facts: Facts): Judged {
  const { connection, accounts, now } = facts;
  const of = { at: row.created_at, requestId: row.id };
  const sent = [evidence('request_sent', row.rx_id, row.created_at), requestedAs(row)];
  if (connection === null || connection.account_id !== row.account_id) {
    const account = evidence('account', accounts.get(row.account_id) ?? row.account_id);
    return judged('other_clinic', 'choose_other_clinic', [account, ...sent], of);
  }
  if (connection.state !== 'paired') {
    return judged('not_connected', 'connect', [...accountOf(connection), ...sent, ...checked(facts)], of);
  }
  if (scanner !== null && !scanner.supported) {
    return judged('scanner_too_old', 'use_newer_scanner', [evidence('scanner', scanner.name), ...sent], of);
  }
  const asked = answer === null ? [] : [evidence('asked_upstream', wordOf(answer), now)];
  const because = [...sent, ...asked];
  switch (answer?.kind) {
    case 'status': {
      const { rule, action } = stageOf(answer.status);
      return judged(rule, action, because, of);
    }
    case 'other_account':
      return judged('other_clinic', 'choose_other_clinic', because, of);
    case 'not_found':
      // It was taken off the scanner by somebody else: the console knows.
      return judged('unknown', 'search_again', [...because, ...checked(facts)], of);
    case 'found':
    case 'no_answer':
    case undefined:
      // From what is stored: the last complete listing is younger than the RX and holds no case of it.
      return (connection.proved_until ?? 0) > row.created_at
        ? judged('never_opened', 'open_on_scanner', [...because, ...checked(facts)], of)
        : judged('unknown', 'wait', [...because, ...checked(facts)], of);
    default:
      return answer satisfies never;
  }
}

function checked({ connection, nextCheckAt }: Facts): Evidence[] {
  if (connection === null) return [];
  const last = evidence('last_full_check', null, connection.last_full_check_at);
  return nextCheckAt === null || connection.state !== 'paired'
    ? [last]
    : [last, evidence('next_check', null, nextCheckAt)];
}
