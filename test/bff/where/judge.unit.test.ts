import { describe, expect, it } from 'vitest';
import { REQUEST_STATES } from '../../../shared/scan-request.ts';
import { EVIDENCE, WHERE_ACTIONS, WHERE_RULES } from '../../../shared/where.ts';
import type { MarkedScan } from '../../../bff/scans/case-query.ts';
import type { ScanRequestRow } from '../../../bff/store/schema.ts';
import type { CaseFact, Facts, RequestFact, RxAnswer } from '../../../bff/where/facts.ts';
import { judgeWhere } from '../../../bff/where/judge.ts';
import { stageOf } from '../../../bff/where/judge-request.ts';
import fc from '../../support/fast-check.ts';
import { connectionRow, START } from '../support/fixtures.ts';

const connection = connectionRow({
  account_id: '1017',
  account_name: 'Riverside',
  proved_until: START,
  last_full_check_at: START,
});

function facts(change: Partial<Facts> = {}): Facts {
  return {
    connection,
    accounts: new Map([
      ['1017', 'Riverside'],
      ['1023', 'East'],
    ]),
    nextCheckAt: START + 60_000,
    cases: [],
    requests: [],
    elsewhere: [],
    typed: null,
    chart: null,
    now: START + 1000,
    ...change,
  };
}

function requestFact(row: Partial<ScanRequestRow> = {}, more: Partial<RequestFact> = {}): RequestFact {
  const request: ScanRequestRow = {
    id: 'rq_1',
    vendor: 'acme',
    tenant: 't',
    environment: 'sandbox',
    connection_id: 'con_1',
    account_id: '1017',
    user_id: 'u',
    user_name: 'U',
    sent_through: null,
    chart_number: 'C-1',
    first_name: 'Ann',
    last_name: 'Beecham',
    first_key: 'ann',
    last_key: 'beecham',
    draft: '{}',
    procedure: 'p',
    procedure_type: null,
    doctor: null,
    state: 'sent',
    rx_id: 'rx-1',
    order_id: null,
    possible_order_id: null,
    problem: null,
    created_at: START - 1000,
    changed_at: START - 900,
    ...row,
  };
  return { row: request, match: 'exact', answer: null, scanner: null, possible: null, ...more };
}

function caseFact(row: Partial<MarkedScan> = {}, more: Partial<CaseFact> = {}): CaseFact {
  const scan: MarkedScan = {
    vendor: 'acme',
    tenant: 't',
    environment: 'sandbox',
    account_id: '1017',
    order_id: '1',
    connection_id: 'con_1',
    order_code: null,
    rx_id: 'rx-1',
    request_id: null,
    status: 'Completed',
    phase: 'scanned',
    first_name: 'Ann',
    last_name: 'Beecham',
    first_key: 'ann',
    last_key: 'beecham',
    stem: 'bee',
    chart_number: 'C-1',
    doctor: null,
    procedure: null,
    case_type: null,
    scanner: null,
    scanned_at: START,
    modified_at: START,
    my_itero_url: null,
    version: 'v',
    version_number: 1,
    learnt_by: 'poll',
    came_by: 'recovered',
    assets: '[]',
    backfilled: 0,
    unmatched: 0,
    other_identity: 0,
    request_chart: null,
    views: null,
    seen_at: START,
    created_at: START,
    observed_at: START,
    missing_since: null,
    recheck_count: 0,
    recheck_at: null,
    missing_told_at: null,
    read: null,
    ...row,
  };
  return { row: scan, match: 'exact', request: null, scanner: null, ...more };
}

const outcome = (change: Partial<Facts>): string[] =>
  judgeWhere(facts(change)).map(({ rule, action }) => `${rule} → ${action}`);
const evidenceOf = (change: Partial<Facts>) =>
  judgeWhere(facts(change))[0]?.evidence.map(({ kind, value }) => [kind, value]);

describe('a request without a case', () => {
  it.each([
    ['was refused', 'refused', 'unknown → send_again'],
    ['was cancelled', 'cancelled', 'unknown → send_again'],
    ['is being sent', 'sending', 'never_opened → wait'],
    ['got no clear answer: look at the console', 'unconfirmed', 'unknown → look_at_scanner'],
  ] as const)('that %s', (_, state, said) => {
    expect(outcome({ requests: [requestFact({ state })] })[0]).toBe(said);
    expect(evidenceOf({ requests: [requestFact({ state })] })).toContainEqual(['request_state', state]);
  });

  it('that got no clear answer is here when a case may be its own', () => {
    const possible = caseFact().row;
    expect(outcome({ requests: [requestFact({ state: 'unconfirmed' }, { possible })] })).toEqual(['here → open_scan']);
  });

  it.each<[string, RxAnswer | null, string]>([
    ['has it waiting', { kind: 'status', status: 'Rx Created' }, 'never_opened → open_on_scanner'],
    ['has it on the scanner', { kind: 'status', status: 'Scanning' }, 'sending → wait'],
    ['has it on its way', { kind: 'status', status: 'Exporting to Doctor Site' }, 'sending → wait'],
    ['has it scanned, its case not ready', { kind: 'status', status: 'Completed' }, 'sending → wait'],
    ['has it in modeling', { kind: 'status', status: 'iTero Modeling' }, 'modeling → wait'],
    ['says a word that is not known', { kind: 'status', status: 'Deleted' }, 'unknown → look_at_scanner'],
    ['does not know it any more', { kind: 'not_found' }, 'unknown → look_at_scanner'],
    ['has its case this moment', { kind: 'found' }, 'unknown → wait'],
    ['has it under another account', { kind: 'other_account' }, 'other_clinic → choose_other_clinic'],
    ['did not answer, and lists no case of it', { kind: 'no_answer' }, 'never_opened → open_on_scanner'],
    ['was not asked, and lists no case of it', null, 'never_opened → open_on_scanner'],
  ])('of which upstream %s', (_, answer, said) => {
    expect(outcome({ requests: [requestFact({}, { answer })] })[0]).toBe(said);
  });

  it('is not said to be unopened when nothing was listed since it was sent', () => {
    const late = requestFact({ created_at: START + 500 }, { answer: { kind: 'no_answer' } });
    expect(outcome({ requests: [late] })).toEqual(['unknown → wait']);
    expect(evidenceOf({ requests: [late] })).toContainEqual(['asked_upstream', 'no_answer']);
  });

  it.each(['lost', 'needs_login', 'unpaired'] as const)('waits for the clinic to be connected: %s', (state) => {
    const gone = { ...connection, state, ended_at: START };
    expect(outcome({ connection: gone, requests: [requestFact()] })).toEqual(['not_connected → connect']);
    expect(evidenceOf({ connection: gone, requests: [requestFact()] })).toContainEqual(['account_lost', state]);
  });

  it('of another account names that account, whatever the connection is', () => {
    const request = requestFact({ account_id: '1023' });
    expect(outcome({ requests: [request] })).toEqual(['other_clinic → choose_other_clinic']);
    expect(evidenceOf({ requests: [request] })).toContainEqual(['account', 'East']);
  });

  it('for a scanner older than Element 1 never comes', () => {
    const scanner = { name: 'Cart, iTero HD2.9', supported: false };
    expect(outcome({ requests: [requestFact({}, { scanner })] })).toEqual(['scanner_too_old → use_newer_scanner']);
  });
});

describe('a status of upstream’s', () => {
  it.each([
    ['Sent', 'other', 'sending'],
    ['Scanning', 'rescan', 'sending'],
    ['itero modeling', 'modeling', 'modeling'],
    ['Align Production', 'other', 'modeling'],
    ['iTero Milling', 'milling', 'modeling'],
    ['Lab Review', 'review', 'here'],
    ['Something New', 'other', 'here'],
    ['Completed', undefined, 'sending'],
    ['Lab Review', undefined, 'sending'],
    ['Something New', undefined, 'unknown'],
  ] as const)('%s of a case (%s) means %s', (status, phase, rule) => {
    expect(stageOf(status, phase).rule).toBe(rule);
  });
});

describe('a case', () => {
  it('that waits for a file tells so before where it stands, and its old scanner before that', () => {
    const waiting = { missing_since: START, missing_told_at: null, recheck_at: START + 40_000 };
    expect(outcome({ cases: [caseFact(waiting)] })).toEqual(['files_missing → wait']);
    expect(evidenceOf({ cases: [caseFact(waiting)] })).toEqual([
      ['missing_file', 'ide'],
      ['missing_file', 'gallery'],
      ['next_check', null],
      ['status', 'Completed'],
    ]);
    expect(outcome({ cases: [caseFact({ ...waiting, missing_told_at: START })] })).toEqual([
      'files_missing → open_my_itero',
    ]);
    const old = { name: 'Cart', supported: false };
    expect(outcome({ cases: [caseFact(waiting, { scanner: old })] })).toEqual(['scanner_too_old → use_newer_scanner']);
    expect(outcome({ cases: [caseFact({}, { scanner: old })] })).toEqual(['here → open_scan']);
  });

  it('does not tell a bound session for which other patient it was requested', () => {
    const request = requestFact({ chart_number: 'C-2', last_name: 'Canary' }).row;
    const one = caseFact({ other_identity: 1 }, { request });
    expect(JSON.stringify(evidenceOf({ cases: [one] }))).toContain('Canary');
    const bound = judgeWhere(facts({ cases: [one], chart: 'C-1' }));
    expect(bound).toMatchObject([{ rule: 'other_identity', requestId: null }]);
    expect(JSON.stringify(bound[0]?.evidence)).not.toContain('Canary');
  });
});

describe('an RX id that nothing here is known by', () => {
  it.each<[RxAnswer, string]>([
    [{ kind: 'other_account' }, 'other_clinic → choose_other_clinic'],
    [{ kind: 'status', status: 'Rx Created' }, 'never_opened → open_on_scanner'],
    [{ kind: 'not_found' }, 'unknown → search_again'],
    [{ kind: 'no_answer' }, 'unknown → search_again'],
  ])('%j', (answer, said) => {
    const typed = { rxId: 'x', answer };
    expect(outcome({ typed })).toEqual([said]);
    expect(evidenceOf({ typed })?.map(([kind]) => kind)).toContain('asked_upstream');
  });
});

describe('a clinic that is not connected any more', () => {
  const gone = { ...connection, state: 'lost' as const, ended_at: START };

  it('says so first, whatever older case is here, and never to wait', () => {
    expect(outcome({ connection: gone, cases: [caseFact()] })).toEqual(['not_connected → connect', 'here → open_scan']);
    expect(outcome({ connection: gone, cases: [caseFact({ status: 'iTero Modeling', phase: 'modeling' })] })).toEqual([
      'not_connected → connect',
      'modeling → connect',
    ]);
    const waiting = caseFact({ missing_since: START, recheck_at: START + 40_000 });
    const found = judgeWhere(facts({ connection: gone, cases: [waiting] }));
    expect(found.map(({ rule, action }) => `${rule} → ${action}`)).toEqual([
      'not_connected → connect',
      'files_missing → connect',
    ]);
    expect(found.flatMap(({ evidence }) => evidence.map(({ kind }) => kind))).not.toContain('next_check');
  });

  it('says so also beside more cases than are told', () => {
    const cases = Array.from({ length: 14 }, (_, index) => caseFact({ order_id: String(index), missing_since: START }));
    const found = outcome({ connection: gone, cases });
    expect(found[0]).toBe('not_connected → connect');
    expect(found).toHaveLength(10);
    expect(outcome({ connection: { ...connection, callback_state: 'suspect' }, cases })).toContain(
      'no_notifications → repair_notifications',
    );
  });
});

describe('what is told', () => {
  it('says of the newest that is here alone up to when iTero was compared', () => {
    const cases = [caseFact({ order_id: '1', modified_at: START - 9 }), caseFact({ order_id: '2' })];
    const found = judgeWhere(facts({ cases }));
    expect(found.map(({ row, evidence }) => [row?.order_id, evidence.map(({ kind }) => kind)])).toEqual([
      ['2', ['status', 'last_full_check', 'next_check']],
      ['1', ['status']],
    ]);
  });

  it('is what was asked for before what only has a similar name', () => {
    const alike = Array.from({ length: 11 }, (_, index) =>
      caseFact({ order_id: `9${index}`, modified_at: START + index }, { match: 'similar' }),
    );
    expect(outcome({ cases: [...alike, caseFact()] })[0]).toBe('here → open_scan');
    // Under another name, but near a request of this one: that is why it was not noticed.
    const request = requestFact().row;
    expect(outcome({ cases: [caseFact({}, { match: 'similar', request }), caseFact({ order_id: '2' })] })[0]).toBe(
      'other_identity → check_patient',
    );
  });

  it('begins with what is not where it should be, newest first; then what is here', () => {
    const cases = [
      caseFact({ order_id: '1' }),
      caseFact({ order_id: '2', missing_since: START - 5, modified_at: START - 5 }),
    ];
    const requests = [requestFact({}, { answer: { kind: 'status', status: 'Rx Created' } })];
    expect(judgeWhere(facts({ cases, requests })).map(({ rule }) => rule)).toEqual([
      'files_missing',
      'never_opened',
      'here',
    ]);
  });

  it('says why nothing may be known, before that nothing is', () => {
    expect(outcome({})).toEqual(['unknown → search_again']);
    expect(outcome({ connection: { ...connection, callback_state: 'suspect' } })).toEqual([
      'no_notifications → repair_notifications',
      'unknown → search_again',
    ]);
    expect(outcome({ connection: { ...connection, callback_state: 'none' } })[0]).toBe(
      'no_notifications → repair_notifications',
    );
    expect(outcome({ connection: { ...connection, state: 'lost' } })).toEqual([
      'not_connected → connect',
      'unknown → search_again',
    ]);
    expect(outcome({ connection: null })).toEqual(['not_connected → connect']);
  });

  it('is never empty, never more than ten, and each ends in one action that is known', () => {
    const answer = fc.constantFrom<RxAnswer | null>(
      null,
      { kind: 'found' },
      { kind: 'not_found' },
      { kind: 'no_answer' },
      { kind: 'other_account' },
      { kind: 'status', status: 'Sending' },
    );
    const request = fc
      .record({ state: fc.constantFrom(...REQUEST_STATES), answer, account: fc.constantFrom('1017', '1023') })
      .map(({ state, answer: said, account }) => requestFact({ state, account_id: account }, { answer: said }));
    const one = fc
      .record({ other: fc.boolean(), missing: fc.boolean(), similar: fc.boolean() })
      .map(({ other, missing, similar }) =>
        caseFact(
          { other_identity: Number(other), missing_since: missing ? START : null },
          { match: similar ? 'similar' : 'exact' },
        ),
      );
    const link = fc.constantFrom(
      null,
      ...(['paired', 'lost', 'needs_login', 'unpaired'] as const).map((state) => ({ ...connection, state })),
    );
    fc.assert(
      fc.property(
        link,
        fc.array(request, { maxLength: 8 }),
        fc.array(one, { maxLength: 8 }),
        fc.option(fc.constant('C-1')),
        (to, requests, cases, chart) => {
          const findings = judgeWhere(facts({ connection: to, requests, cases, chart }));
          expect(findings.length).toBeGreaterThanOrEqual(1);
          expect(findings.length).toBeLessThanOrEqual(10);
          for (const { rule, action, evidence } of findings) {
            expect(WHERE_RULES).toContain(rule);
            expect(WHERE_ACTIONS).toContain(action);
            for (const { kind } of evidence) expect(EVIDENCE).toContain(kind);
          }
        },
      ),
    );
  });
});
