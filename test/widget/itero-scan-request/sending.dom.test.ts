import { assert } from 'chai';
import { IteroBeforeSendEvent, IteroErrorEvent, IteroScanRequestedEvent } from '../../../widget/core/events.ts';
import type { FakeBff } from '../../support/dom/fake-bff.ts';
import {
  assertAccessible,
  control,
  findControl,
  nextTask,
  unmount,
  until,
  visibleText,
} from '../../support/dom/page.ts';
import {
  choose,
  fillForm,
  hear,
  installRequestBff,
  mountRequest,
  part,
  partOf,
  sentRequests,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { samePatient, scanRequest } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;
const keyOf = (index: number) => sentRequests(bff)[index]?.headers.get('Idempotency-Key');

describe('itero-scan-request sends', () => {
  beforeEach(() => {
    bff = installRequestBff();
    showRequests(bff);
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('once, however often the button is pressed', async () => {
    const element = await mountRequest();
    await fillForm(element);
    const held = bff.hold('POST', '/v1/scan-requests', { json: scanRequest(), status: 201 });
    part(element, '#send').click();
    part(element, '#send').click();
    await until('it sends', () => visibleText(element).includes('Sending …'));
    part(element, '#send').click();
    await assertAccessible(element);
    held.release();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.lengthOf(sentRequests(bff), 1);
    assert.match(keyOf(0) ?? '', /^[\w-]{32,}$/);
    await assertAccessible(element);
    showRequests(bff, scanRequest({ state: 'scanned', orderId: '123456700' }));
    bff.push('scan.received', { orderId: '123456700' });
    await until('it is scanned', () => visibleText(element).includes('Scan 123456700 has arrived.'));
    assert.notInclude(visibleText(element), 'Sent.');
  });

  it('nothing when the page says no, and tells the page no name', async () => {
    const element = await mountRequest();
    await fillForm(element);
    const before = hear(element, 'itero-before-send', IteroBeforeSendEvent);
    const requested = hear(element, 'itero-scan-requested', IteroScanRequestedEvent);
    element.addEventListener('itero-before-send', (event) => event.preventDefault(), { once: true });
    part(element, '#send').click();
    await nextTask();
    assert.lengthOf(sentRequests(bff), 0);
    assert.lengthOf(before, 1);
    part(element, '#send').click();
    await until('the page was told', () => requested.length === 1);
    assert.include(requested[0]?.detail, { scanRequestId: 'r1', state: 'sent' });
    assert.match(requested[0]?.detail.requestId ?? '', /^req-/);
    const details = [...before, ...requested].map(({ detail }) => detail);
    assert.notMatch(JSON.stringify(details), /Zo|Hara|C-7|1980/);
  });

  it('again with the same key after no answer came, and with a new one after iTero said no', async () => {
    const element = await mountRequest();
    await fillForm(element);
    bff.answer('POST', '/v1/scan-requests', { text: '<html>', status: 502 });
    part(element, '#send').click();
    await until('it failed', () => findControl(element, 'Try again') !== undefined);
    await assertAccessible(element);
    bff.answer('POST', '/v1/scan-requests', { problem: 'upstream_refused' });
    control(element, 'Try again').click();
    await until('iTero said no', () => visibleText(element).includes('iTero did not accept the request.'));
    bff.answer('POST', '/v1/scan-requests', { json: scanRequest(), status: 201 });
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(keyOf(0), keyOf(1));
    assert.notEqual(keyOf(1), keyOf(2));
  });

  it('and marks the fields that iTero refused', async () => {
    const element = await mountRequest();
    await fillForm(element);
    const errors = [{ path: 'labId', expected: 'expected a lab' }];
    bff.answer('POST', '/v1/scan-requests', { problem: 'upstream_refused', errors });
    part(element, '#send').click();
    await until('the field has the focus', () => element.shadowRoot?.activeElement?.id === 'lab');
    assert.equal(part(element, '#lab').getAttribute('aria-invalid'), 'true');
    assert.include(visibleText(element), 'iTero did not accept this.');
    assert.include(visibleText(element), 'iTero did not accept the request. Check the marked fields.');
    await assertAccessible(element);
    await choose(element, 'lab', 'l1');
    assert.equal(part(element, '#lab').getAttribute('aria-invalid'), 'false');
  });

  for (const [how, answer] of [
    ['a problem', { problem: 'request_unconfirmed' }],
    ['a request without a clear answer', { json: scanRequest({ state: 'unconfirmed', rxId: null }), status: 202 }],
  ] as const) {
    it(`never again by itself when ${how} says that iTero may have taken it`, async () => {
      const element = await mountRequest();
      const requested = hear(element, 'itero-scan-requested', IteroScanRequestedEvent);
      const failures = hear(element, 'itero-error', IteroErrorEvent);
      await fillForm(element);
      const unconfirmed = scanRequest({ state: 'unconfirmed', rxId: null });
      showRequests(bff, unconfirmed);
      bff.answer('POST', '/v1/scan-requests', answer);
      const openRequests = [{ id: 'r1', state: 'unconfirmed', createdAt: unconfirmed.createdAt }];
      bff.answer('POST', '/v1/scan-requests/check', { json: { ...samePatient, openRequests } });
      part(element, '#send').click();
      await until('it says so', () => visibleText(element).includes('Check the scanner before you send again.'));
      await until('the list has it', () => visibleText(element).includes('Not confirmed'));
      assert.lengthOf(requested, 0);
      assert.equal(failures[0]?.detail.code, 'request_unconfirmed');
      await assertAccessible(element);
      part(element, '#send').click();
      await until('the choice has the focus', () => element.shadowRoot?.activeElement?.id === 'accept-unconfirmed');
      assert.lengthOf(sentRequests(bff), 1);
      bff.answer('POST', '/v1/scan-requests', { json: scanRequest({ id: 'r2' }), status: 201 });
      part(element, '#accept-unconfirmed').click();
      await element.updateComplete;
      part(element, '#send').click();
      await until('it was sent', () => visibleText(element).includes('Sent.'));
      assert.notEqual(keyOf(0), keyOf(1));
    });
  }

  for (const [problem, sentence] of [
    [
      'needs_login',
      'Nobody is signed in to iTero any more. Whoever manages the connection can sign in again in the settings.',
    ],
    [
      'unpaired',
      'The clinic is not connected to iTero. Whoever manages the connection can connect it in the settings.',
    ],
    [
      'pairing_lost',
      'Somebody disconnected this clinic in iTero. Whoever manages the connection can connect it again in the settings.',
    ],
    ['wrong_patient', 'Reopen the chart and try again.'],
    ['rate_limited', 'iTero asks for a pause.'],
  ] as const) {
    it(`and says what to do when the answer is ${problem}, with what was typed still there`, async () => {
      const element = await mountRequest();
      await fillForm(element);
      bff.answer('POST', '/v1/scan-requests', { problem });
      const errors = hear(element, 'itero-error', IteroErrorEvent);
      part(element, '#send').click();
      await until('it says so', () => visibleText(element).includes(sentence));
      assert.deepEqual(
        errors.map(({ detail }) => detail.code),
        [problem],
      );
      assert.equal(partOf(element, '#doctor', HTMLSelectElement).value, 'd1');
      await assertAccessible(element);
    });
  }

  it('nothing while offline, keeps what was typed, and the same key afterwards', async () => {
    const element = await mountRequest();
    await fillForm(element);
    bff.offline();
    part(element, '#send').click();
    await until('it failed', () => findControl(element, 'Try again') !== undefined);
    assert.include(visibleText(element), 'No connection to the scanner service.');
    assert.lengthOf(sentRequests(bff), 0);
    bff.online();
    part(element, '#accept-unchecked').click();
    await element.updateComplete;
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.lengthOf(sentRequests(bff), 1);
  });
});
