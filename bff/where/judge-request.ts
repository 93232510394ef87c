import type { Phase } from '../../shared/scan.ts';
import type { WhereAction, WhereRule } from '../../shared/where.ts';
import { accountOf, checksOf, evidence, judged, requestedAs, wordOf, type Judged } from './evidence.ts';
import type { Facts, RequestFact } from './facts.ts';

interface Stage {
  readonly rule: WhereRule;
  readonly action: WhereAction;
}

const NEVER_OPENED: Stage = { rule: 'never_opened', action: 'open_on_scanner' };
const SENDING: Stage = { rule: 'sending', action: 'wait' };
const MODELING: Stage = { rule: 'modeling', action: 'wait' };
const HERE: Stage = { rule: 'here', action: 'open_scan' };
/** Upstream's own word is told; what it means is not guessed. */
const UNHEARD_OF: Stage = { rule: 'unknown', action: 'look_at_scanner' };

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

/** Of an RX that is past the scanner: without a case of it, that is on its way. */
const PAST_THE_SCANNER: ReadonlySet<string> = new Set(['completed', 'lab review']);

/** @param phase of a case; absent for an RX that has none yet */
export function stageOf(status: string, phase?: Phase): Stage {
  const word = status.trim().toLowerCase();
  const stage = STAGES[word];
  if (stage !== undefined) return stage;
  if (phase === 'rescan') return SENDING;
  if (phase === 'modeling' || phase === 'milling') return MODELING;
  if (phase !== undefined) return HERE;
  return PAST_THE_SCANNER.has(word) ? SENDING : UNHEARD_OF;
}

/** What one request without a known case says. Pure. */
export function judgeRequest(fact: RequestFact, facts: Facts): Judged {
  const { row } = fact;
  const of = { at: row.created_at, requestId: row.id, similar: fact.match === 'similar' };
  const state = evidence('request_state', row.state, row.changed_at);
  switch (row.state) {
    case 'refused':
    case 'cancelled':
      return judged('unknown', 'send_again', [state], of);
    case 'sending':
      return judged('never_opened', 'wait', [state], of);
    case 'unconfirmed':
      if (fact.possible !== null) {
        const scanned = evidence('status', fact.possible.status, fact.possible.modified_at);
        return judged('here', 'open_scan', [state, scanned], { ...of, row: fact.possible });
      }
      return judged('unknown', 'look_at_scanner', [state, ...checksOf(facts)], of);
    case 'sent':
    case 'scanned':
      return judgeSent(fact, facts, of);
    default:
      return row.state satisfies never;
  }
}

function judgeSent({ row, answer, scanner }: RequestFact, facts: Facts, of: Parameters<typeof judged>[3]): Judged {
  const { connection, accounts, now } = facts;
  const sent = [evidence('request_sent', row.rx_id, row.created_at), requestedAs(row)];
  if (connection === null || connection.account_id !== row.account_id) {
    const account = evidence('account', accounts.get(row.account_id) ?? row.account_id);
    return judged('other_clinic', 'choose_other_clinic', [account, ...sent], of);
  }
  if (connection.state !== 'paired') {
    return judged('not_connected', 'connect', [...accountOf(connection), ...sent, ...checksOf(facts)], of);
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
      // Removed there, or never known: the scanner tells whether it was scanned all the same.
      return judged('unknown', 'look_at_scanner', [...because, ...checksOf(facts)], of);
    case 'found':
      // Its case came this moment and is not linked yet: nothing is said of it that the next look does not know better.
      return judged('unknown', 'wait', because, of);
    case 'no_answer':
    case undefined:
      // From what is stored: the last complete listing is younger than the RX and holds no case of it.
      return (connection.proved_until ?? 0) > row.created_at
        ? judged('never_opened', 'open_on_scanner', [...because, ...checksOf(facts)], of)
        : judged('unknown', 'wait', [...because, ...checksOf(facts)], of);
    default:
      return answer satisfies never;
  }
}
