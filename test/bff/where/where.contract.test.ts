/** One scripted day at the simulator for each rule of shared/where, through the whole BFF. */
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from '../../../shared/parse.ts';
import { whereAnswerSchema, type Finding, type WhereAnswer, type WhereRule } from '../../../shared/where.ts';
import { DENTIST, openStand, RIVERSIDE, type Stand, type StandOptions } from '../faults/support/stand.ts';

const ANN = { firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-1' };
const EAST = 1023;
/** Nobody is listed but at the start, so that what is known is known by asking. */
const SELDOM = { timings: { pollFloor: 3_600_000 } };

let stand: Stand;
afterEach(() => stand.close());
const open = async (options?: StandOptions): Promise<Stand> => (stand = await openStand(options));

const where = (text?: string) => stand.ask<WhereAnswer>('POST', '/v1/scans/where', text === undefined ? {} : { text });
async function first(text: string): Promise<Finding> {
  const answer = await where(text);
  expect(parse(whereAnswerSchema, answer).ok).toBe(true);
  const [finding] = answer.findings;
  if (finding === undefined) throw new Error('no finding');
  return finding;
}
const evidenceOf = (finding: Finding | undefined, kind: string): (string | null)[] =>
  (finding?.evidence ?? []).filter((one) => one.kind === kind).map(({ value }) => value);
const rulesOf = ({ findings }: WhereAnswer): string[] => findings.map(({ rule, action }) => `${rule} → ${action}`);

async function asPatient(chartNumber: string, text?: string): Promise<WhereAnswer> {
  const { session_token } = await stand.bff.mint('riverside', { patient: { chartNumber } });
  const answer = await stand.bff.call(session_token, 'POST', '/v1/scans/where', text === undefined ? {} : { text });
  expect(answer.status).toBe(200);
  return (await answer.json()) as WhereAnswer;
}

const DAYS: Record<WhereRule, () => Promise<void>> = {
  async here() {
    await open();
    const request = await stand.sendRx(ANN);
    const { orderId } = await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    const scan = await stand.visible(String(orderId));
    const asked = [
      String(orderId),
      scan.orderCode ?? '',
      request.rxId ?? '',
      'C-1',
      'beecham',
      'Ann Beecham',
      'Beecham, Ann',
    ];
    for (const text of [...asked, String(request.rxId).toUpperCase(), 'Beech']) {
      const answer = await where(text);
      expect(rulesOf(answer), text).toEqual(['here → open_scan']);
      expect(answer.findings[0]).toMatchObject({
        orderId: String(orderId),
        requestId: request.id,
        scan: { status: 'Completed' },
      });
    }
  },

  async never_opened() {
    await open(SELDOM);
    const request = await stand.sendRx(ANN);
    const finding = await first('Beecham');
    expect(finding).toMatchObject({
      rule: 'never_opened',
      action: 'open_on_scanner',
      requestId: request.id,
      scan: null,
    });
    expect(evidenceOf(finding, 'request_sent')).toEqual([request.rxId]);
    expect(evidenceOf(finding, 'asked_upstream')).toEqual(['Rx Created']);
    expect(evidenceOf(finding, 'requested_as')).toEqual(['Ann Beecham, C-1']);
  },

  async sending() {
    await open(SELDOM);
    const request = await stand.sendRx(ANN);
    stand.cloud.play('still-on-the-scanner');
    await stand.advance(2000);
    const finding = await first(request.rxId ?? '');
    expect(finding).toMatchObject({ rule: 'sending', action: 'wait', requestId: request.id });
    expect(evidenceOf(finding, 'asked_upstream')).toEqual(['Scanning']);
  },

  async modeling() {
    await open();
    await stand.sendRx(ANN);
    stand.cloud.play('sent-to-modeling');
    await stand.advance(200_000);
    const finding = await first('C-1');
    expect(finding).toMatchObject({ rule: 'modeling', action: 'wait', scan: { phase: 'modeling' } });
    expect(evidenceOf(finding, 'status')).toEqual(['iTero Modeling']);
  },

  async other_identity() {
    await open();
    stand.cloud.play('mistyped-patient');
    const request = await stand.sendRx(ANN);
    await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    for (const text of ['Beecham', 'C-1', request.rxId ?? '']) {
      const finding = await first(text);
      expect(finding, text).toMatchObject({ rule: 'other_identity', action: 'check_patient', requestId: request.id });
      expect(evidenceOf(finding, 'scanned_as')).toEqual(['Ann Beechma, C-1']);
      expect(evidenceOf(finding, 'requested_as')).toEqual(['Ann Beecham, C-1']);
    }
    // Its own patient sees it too, by the request.
    expect(rulesOf(await asPatient('C-1'))).toEqual(['other_identity → check_patient']);
  },

  async files_missing() {
    await open();
    stand.cloud.play('ide-never');
    const orderId = await stand.walkIn({ patient: ANN });
    expect(await first('Beecham')).toMatchObject({ rule: 'files_missing', action: 'wait', orderId });
    await stand.advance(400_000);
    const finding = await first('Beecham');
    expect(finding).toMatchObject({ rule: 'files_missing', action: 'open_my_itero', orderId });
    expect(evidenceOf(finding, 'missing_file')).toEqual(['ide']);
    expect(finding.evidence.find(({ kind }) => kind === 'next_check')?.at).not.toBeNull();
    expect(finding.myIteroUrl).toContain(orderId);
  },

  async not_connected() {
    await open();
    const request = await stand.sendRx(ANN);
    stand.cloud.play('somebody-unpairs');
    await stand.advance(140_000);
    const finding = await first('Beecham');
    expect(finding).toMatchObject({ rule: 'not_connected', action: 'connect', requestId: request.id });
    expect(evidenceOf(finding, 'account')).toEqual(['Riverside Dental']);
    expect(evidenceOf(finding, 'account_lost')).toEqual(['lost']);
    // The scan that was taken there since then is not known to anybody: the reason is told for any text.
    expect(rulesOf(await where('Lindqvist'))).toEqual(['not_connected → connect', 'unknown → search_again']);
  },

  async no_notifications() {
    await open();
    stand.cloud.play('lost-notifications');
    // Pair is repeated once, and not again on the same day.
    for (let count = 0; count < 4; count += 1) {
      await stand.walkIn();
      await stand.advance(130_000);
    }
    expect((await stand.pairing()).health.callback).toBe('suspect');
    // It is there, but nobody was told yet.
    await stand.walkIn({ patient: ANN });
    const answer = await where('Beecham');
    expect(rulesOf(answer)).toEqual(['no_notifications → repair_notifications', 'unknown → search_again']);
    expect(answer.findings[0]?.evidence.find(({ kind }) => kind === 'next_check')?.at).not.toBeNull();
    await stand.advance(130_000);
    expect(await first('Beecham')).toMatchObject({ rule: 'here' });
  },

  async scanner_too_old() {
    await open();
    stand.cloud.play('old-scanner');
    await stand.advance(3000);
    const finding = await first('Oldcart');
    expect(finding).toMatchObject({ rule: 'scanner_too_old', action: 'use_newer_scanner' });
    expect(evidenceOf(finding, 'scanner')).toEqual(['Old cart (basement), iTero HD2.9']);
    expect(evidenceOf(finding, 'missing_file')).toEqual(['ide']);
  },

  async other_clinic() {
    await open();
    const request = await stand.sendRx(ANN);
    await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    const lonely = await stand.sendRx({ ...ANN, chartNumber: 'C-2' });
    // The clinic goes over to its other account; what was sent stays where it was sent.
    await stand.ask('DELETE', '/v1/pairing');
    await stand.bff.pair('riverside', DENTIST, 'adams@riverside.example', String(EAST));
    await stand.drain();
    for (const text of [request.rxId ?? '', lonely.rxId ?? '', 'C-2']) {
      const finding = await first(text);
      expect(finding, text).toMatchObject({ rule: 'other_clinic', action: 'choose_other_clinic', scan: null });
      expect(evidenceOf(finding, 'account')).toEqual(['Riverside Dental']);
    }
  },

  async unknown() {
    await open();
    for (const text of ['Nobody', '99999999', 'C-404', '00000000-0000-4000-8000-000000000000']) {
      const answer = await where(text);
      expect(rulesOf(answer), text).toEqual(['unknown → search_again']);
      const [finding] = answer.findings;
      expect(evidenceOf(finding, 'account')).toEqual(['Riverside Dental']);
      expect(finding?.evidence.find(({ kind }) => kind === 'last_full_check')?.at).not.toBeNull();
      expect(finding?.evidence.find(({ kind }) => kind === 'next_check')?.at).not.toBeNull();
    }
  },
};

describe('where did my scan go?', () => {
  it.each(Object.entries(DAYS))('%s', (_, day) => day());

  it('learns from upstream what nobody told, by RX id alone, and it becomes visible at once', async () => {
    await open(SELDOM);
    stand.cloud.play('lost-notifications');
    const request = await stand.sendRx(ANN);
    const { orderId } = await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    const listed = stand.listings().length;
    expect(await stand.isVisible(String(orderId))).toBe(false);
    expect(await first('Beecham')).toMatchObject({ rule: 'here', orderId: String(orderId) });
    expect(await stand.visible(String(orderId))).toMatchObject({ learntBy: 'recheck' });
    expect((await stand.pairing()).ledger).toMatchObject({ cases: 1, recovered: 1, byNotification: 0 });
    expect(stand.listings()).toHaveLength(listed);
  });

  it('finds a walk-in by the RX id that the scanner shows, though no notification came', async () => {
    await open(SELDOM);
    stand.cloud.play('lost-notifications');
    const { orderId, rxId } = await stand.perform({ do: 'scan-without-rx', companyId: RIVERSIDE });
    expect(await first(rxId ?? '')).toMatchObject({ rule: 'here', orderId: String(orderId) });
  });

  it('names the case in the unmatched tray that was typed anew at the scanner', async () => {
    await open(SELDOM);
    const request = await stand.sendRx(ANN);
    const orderId = await stand.walkIn({ patient: { ...ANN, lastName: 'Beechma', chartNumber: '' } });
    const { findings } = await where('C-1');
    expect(findings.map(({ rule }) => rule)).toEqual(['other_identity', 'never_opened']);
    expect(findings[0]).toMatchObject({ orderId, requestId: request.id });
    expect(evidenceOf(findings[0], 'scanned_as')).toEqual(['Ann Beechma']);
    // A session that is bound to the patient does not look into the clinic's tray.
    expect(rulesOf(await asPatient('C-1'))).toEqual(['never_opened → open_on_scanner']);
  });

  it('says that upstream could not be asked, and answers from what is stored', async () => {
    await open();
    await stand.sendRx(ANN);
    await stand.advance(130_000);
    stand.cloud.faults.add({ on: 'getOrderByRxId', kind: 'status', status: 503, times: 'always' });
    const finding = await first('Beecham');
    expect(finding).toMatchObject({ rule: 'never_opened', action: 'open_on_scanner' });
    expect(evidenceOf(finding, 'asked_upstream')).toEqual(['no_answer']);
    expect(finding.evidence.find(({ kind }) => kind === 'last_full_check')?.at).not.toBeNull();
  });

  it('finds nothing of another patient in a session that is bound to one, whatever is typed', async () => {
    await open();
    const bob = { firstName: 'Bob', lastName: 'Canary', chartNumber: 'C-9' };
    const request = await stand.sendRx(bob);
    const { orderId } = await stand.perform({ do: 'scan', rxId: request.rxId ?? '' });
    const scan = await stand.visible(String(orderId));
    const lonely = await stand.sendRx({ ...bob, lastName: 'Lonely' });
    const walkIn = await stand.perform({ do: 'scan-without-rx', companyId: RIVERSIDE, patient: bob });
    const texts = [
      String(orderId),
      scan.orderCode ?? '',
      request.rxId ?? '',
      lonely.rxId ?? '',
      walkIn.rxId ?? '',
      'Canary',
      'C-9',
      'Canray',
    ];
    for (const text of texts) {
      const answer = await asPatient('C-1', text);
      expect(rulesOf(answer), text).toEqual(['unknown → search_again']);
      expect(JSON.stringify(answer), text).not.toMatch(/Canary|Lonely|C-9/);
    }
    const guid = '00000000-0000-4000-8000-000000000000';
    // What upstream knows is not told, and nothing is claimed of it.
    expect(JSON.stringify(await asPatient('C-1', guid))).not.toContain('asked_upstream');
    const shape = ({ findings }: WhereAnswer) =>
      findings.map(({ evidence }) => evidence.map(({ kind, value }) => [kind, value]));
    expect(shape(await asPatient('C-1', walkIn.rxId))).toEqual(shape(await asPatient('C-1', guid)));
  });

  it('tells everything of the bound patient when nothing is typed, and wants a text otherwise', async () => {
    await open();
    await stand.sendRx(ANN);
    await stand.walkIn({ patient: ANN });
    expect(rulesOf(await asPatient('C-1'))).toEqual(['never_opened → open_on_scanner', 'here → open_scan']);
    expect(await stand.problem('POST', '/v1/scans/where', {})).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'text' }],
    });
  });

  it('says to connect where no account ever was', async () => {
    await open({ paired: false });
    expect(rulesOf(await where('Beecham'))).toEqual(['not_connected → connect']);
  });

  it('is audited, without what was searched for, and logs none of it', async () => {
    await open();
    await where('Canary-Name');
    const rows = await stand.bff.bff.store.db
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'scan.looked_for')
      .execute();
    expect(rows).toMatchObject([{ user_id: 'u-dentist', subject: null, outcome: 'ok' }]);
    expect(stand.lines.join('')).not.toContain('Canary');
  });
});
