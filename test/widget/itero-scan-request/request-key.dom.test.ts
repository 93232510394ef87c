import { assert } from 'chai';
import type { IteroScanRequest } from '../../../widget/itero-scan-request/itero-scan-request.ts';
import type { FakeBff } from '../../support/dom/fake-bff.ts';
import { assertAccessible, control, findControl, unmount, until, visibleText } from '../../support/dom/page.ts';
import {
  choose,
  fillForm,
  installRequestBff,
  mountRequest,
  part,
  sentRequests,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { scanRequest } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;
/** What the BFF took, by key: as many RXs are on the scanner. */
let taken: Map<string, string>;

const keys = () => new Set(sentRequests(bff).map(({ headers }) => headers.get('Idempotency-Key')));
const formFault = (element: Element): string =>
  element.shadowRoot?.querySelector('form [part=error]')?.textContent ?? '';

/** A BFF that takes each key once, as ours does; `loses` the answers on their way back. */
function takeOnce({ loses }: { loses: boolean }): void {
  bff.answer('POST', '/v1/scan-requests', ({ headers, body }) => {
    const key = headers.get('Idempotency-Key') ?? '';
    const content = JSON.stringify(body);
    if ((taken.get(key) ?? content) !== content) return { problem: 'idempotency_mismatch' };
    taken.set(key, content);
    return loses ? { text: '<html>', status: 502 } : { json: scanRequest(), status: 201 };
  });
}

async function sendInVain(): Promise<IteroScanRequest> {
  const element = await mountRequest();
  await fillForm(element);
  takeOnce({ loses: true });
  part(element, '#send').click();
  await until('no answer came', () => findControl(element, 'Try again') !== undefined);
  takeOnce({ loses: false });
  return element;
}

describe('a request whose answer was lost', () => {
  beforeEach(() => {
    bff = installRequestBff();
    taken = new Map();
    showRequests(bff);
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('is sent again under the same key', async () => {
    const element = await sendInVain();
    control(element, 'Try again').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(taken.size, 1);
  });

  it('keeps its key when the session is refused in between', async () => {
    const element = await sendInVain();
    bff.refuseSessions();
    bff.endSession();
    await until('the session has ended', () => visibleText(element).includes('did not grant access'));
    part(element, '#send').click();
    await until('the form says so', () => formFault(element).includes('did not grant access'));
    bff.refuseSessions(false);
    control(element, 'Try again').click();
    await until('the guard has answered', () => part(element, '#send').getAttribute('aria-disabled') === 'false');
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(keys().size, 1);
    assert.equal(taken.size, 1);
  });

  it('keeps its key when the content is changed into something that is refused', async () => {
    const element = await sendInVain();
    await choose(element, 'lab', 'l1');
    bff.answer('POST', '/v1/scan-requests', { problem: 'invalid_request', errors: [{ path: 'labId', expected: '' }] });
    control(element, 'Try again').click();
    await until('the field has the focus', () => element.shadowRoot?.activeElement?.id === 'lab');
    await choose(element, 'lab', '');
    takeOnce({ loses: false });
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(taken.size, 1);
  });

  it('is not sent a second time with other content before the person has looked at the first', async () => {
    const element = await sendInVain();
    await choose(element, 'lab', 'l1');
    control(element, 'Try again').click();
    await until('it says so', () => formFault(element).includes('An earlier attempt of this form has arrived.'));
    await until('the guard has answered', () => !visibleText(element).includes('Looking up'));
    part(element, '#send').click();
    await until('the choice has the focus', () => element.shadowRoot?.activeElement?.id === 'accept-arrived');
    assert.equal(taken.size, 1);
    await assertAccessible(element);
    // Closed and opened again it has not forgotten.
    control(element, 'Close').click();
    await element.updateComplete;
    control(element, 'Send to scanner').click();
    await until('the form is open', () => findControl(element, /one more is needed/) !== undefined);
    assert.equal(part(element, '#send').getAttribute('aria-disabled'), 'true');
    await until('the guard has answered', () => !visibleText(element).includes('Looking up'));
    part(element, '#accept-arrived').click();
    await element.updateComplete;
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(taken.size, 2);
  });

  it('is not lost by reloading the page when the answer cannot be read', async () => {
    const element = await mountRequest();
    await fillForm(element);
    bff.answer('POST', '/v1/scan-requests', { text: '<html>', status: 200 });
    part(element, '#send').click();
    await until('it says so', () => formFault(element).includes('it is not known whether this was sent'));
    assert.notInclude(visibleText(element), 'Reload the page');
    takeOnce({ loses: false });
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.equal(keys().size, 1);
  });
});
