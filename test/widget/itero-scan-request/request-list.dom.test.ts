import { assert } from 'chai';
import { IteroScanRequestCancelledEvent } from '../../../widget/core/events.ts';
import { openLinks } from '../../../widget/core/page-link.ts';
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
  hear,
  installRequestBff,
  mountRequest,
  part,
  partOf,
  PATIENT,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { scanRequest } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;

describe('the requests of a chart', () => {
  beforeEach(() => {
    bff = installRequestBff();
    showRequests(bff, scanRequest());
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('say what, where they stand, who sent them and through whose login', async () => {
    const old = '2026-01-01T10:00:00.000Z';
    showRequests(
      bff,
      scanRequest(),
      scanRequest({ id: 'r2', state: 'sending', sentThrough: null, teeth: [] }),
      scanRequest({ id: 'r3', state: 'unconfirmed', possibleOrderId: '123456789', createdAt: old }),
      scanRequest({ id: 'r4', state: 'refused' }),
      scanRequest({ id: 'r5', state: 'scanned', orderId: '123456700' }),
      scanRequest({ id: 'r6', state: 'cancelled', createdAt: old }),
    );
    const element = await mountRequest();
    const text = visibleText(element);
    for (const words of [
      'Fixed Restorative · Crown',
      'Sent to the scanner',
      'Teeth 16, 26 · Dr. Eva Berg · due Dec 1, 2026',
      'by Ann Assistant through the iTero login of Dr. Eva Berg',
      'Being sent',
      'Not confirmed',
      'It is not known whether iTero took this request. Check the scanner before you send again.',
      'Scan 123456789 of the same patient has arrived and may belong to it.',
      'Refused by iTero',
      'Scan 123456700 has arrived.',
      'Earlier requests (1)',
    ]) {
      assert.include(text, words);
    }
    partOf(element, 'details', HTMLDetailsElement).open = true;
    await assertAccessible(element);
  });

  it('speak the tooth notation of the page', async () => {
    const element = await mountRequest(`${PATIENT} tooth-notation="universal"`);
    assert.include(visibleText(element), 'Teeth 3, 14');
  });

  it('say when one was sent under another name', async () => {
    showRequests(bff, scanRequest({ patient: { firstName: 'Zoe', lastName: 'Ohara', chartNumber: 'C-7' } }));
    const element = await mountRequest();
    assert.include(visibleText(element), 'sent as Zoe Ohara');
  });

  it('are asked for this chart alone', async () => {
    await mountRequest();
    assert.deepEqual(bff.calls.find((call) => call.path.endsWith('/search'))?.body, { chartNumber: 'C-7' });
  });

  for (const type of [
    'scan_request.sent',
    'scan_request.cancelled',
    'scan_request.unconfirmed',
    'scan.received',
    'scan.updated',
  ] as const) {
    it(`are refreshed by ${type}`, async () => {
      const element = await mountRequest();
      showRequests(bff, scanRequest({ state: 'scanned', orderId: '123456700' }));
      bff.push(type, { requestId: 'r1' });
      await until('it is scanned', () => visibleText(element).includes('Scan 123456700 has arrived.'));
    });
  }

  it('are loaded again when the stream says that something was lost', async () => {
    const element = await mountRequest();
    showRequests(bff);
    bff.reset();
    await until('the list is empty', () => element.matches(':state(empty)'));
  });

  it('stay readable when they cannot be refreshed', async () => {
    const element = await mountRequest();
    bff.answer('POST', '/v1/scan-requests/search', { problem: 'internal' });
    bff.push('scan.updated');
    await until('it says so', () => visibleText(element).includes('Something went wrong here.'));
    assert.include(visibleText(element), 'Sent to the scanner');
    await assertAccessible(element);
  });

  it('can be cancelled after a question, and change only when the answer is there', async () => {
    const element = await mountRequest();
    const cancelled = hear(element, 'itero-scan-request-cancelled', IteroScanRequestCancelledEvent);
    const held = bff.hold('DELETE', '/v1/scan-requests/r1', { status: 204 });
    control(element, /^Cancel request/).click();
    await until('it asks', () => element.shadowRoot?.activeElement?.id === 'cancel-yes');
    assert.include(visibleText(element), 'Take this request off the scanner?');
    await assertAccessible(element);
    part(element, '#cancel-yes').click();
    part(element, '#cancel-yes').click();
    await until('it runs', () => visibleText(element).includes('Cancelling …'));
    assert.include(visibleText(element), 'Sent to the scanner');
    showRequests(bff, scanRequest({ state: 'cancelled' }));
    held.release();
    await until('it is cancelled', () => visibleText(element).includes('Cancelled'));
    assert.deepEqual(
      cancelled.map(({ detail }) => detail.scanRequestId),
      ['r1'],
    );
    assert.lengthOf(
      bff.calls.filter((call) => call.method === 'DELETE'),
      1,
    );
  });

  it('can be kept after all', async () => {
    const element = await mountRequest();
    control(element, /^Cancel request/).click();
    await until('it asks', () => findControl(element, 'Keep it') !== undefined);
    control(element, 'Keep it').click();
    await nextTask();
    assert.isUndefined(findControl(element, 'Keep it'));
    assert.isEmpty(bff.calls.filter((call) => call.method === 'DELETE'));
  });

  it('say why one cannot be cancelled any more', async () => {
    const element = await mountRequest();
    bff.answer('DELETE', '/v1/scan-requests/r1', { problem: 'scanning_has_begun' });
    control(element, /^Cancel request/).click();
    await until('it asks', () => findControl(element, 'Keep it') !== undefined);
    part(element, '#cancel-yes').click();
    await until('the reason has the focus', () => element.shadowRoot?.activeElement?.id === 'cancel-seen');
    assert.include(visibleText(element), 'Scanning has begun: this request can no longer be cancelled.');
    await assertAccessible(element);
    part(element, '#cancel-seen').click();
    await element.updateComplete;
    assert.notInclude(visibleText(element), 'Scanning has begun');
  });

  it('leave nothing behind, however often the element comes and goes', async () => {
    const element = await mountRequest();
    const parent = element.parentElement;
    for (let round = 0; round < 200; round += 1) {
      element.remove();
      parent?.append(element);
    }
    element.remove();
    await nextTask();
    assert.equal(openLinks(), 0);
    assert.equal(bff.openStreams, 0);
  });
});
