import { assert } from 'chai';
import type { Scope } from '../../../shared/session.ts';
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
  fillForm,
  installRequestBff,
  mountRequest,
  openForm,
  part,
  partOf,
  PATIENT,
  sentRequests,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { differentPatient, scanRequest, unknownPatient } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;

describe('the patient of a scan request', () => {
  beforeEach(() => {
    bff = installRequestBff();
    showRequests(bff);
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('is shown letter by letter as it will be sent', async () => {
    const element = await mountRequest(PATIENT.replace('Zoë', 'Zoë  Ann'));
    await openForm(element);
    assert.equal(part(element, '.exact').textContent, 'Zoë  Ann O’Hara');
    assert.include(visibleText(part(element, '.guard')), 'C-7');
    assert.include(visibleText(part(element, '.guard')), '1980');
  });

  it('is shown without a birth date when none can be sent', async () => {
    const element = await mountRequest(PATIENT.replace('1980-02-29', '29.2.1980'));
    await openForm(element);
    assert.include(visibleText(element), 'Born not sent');
  });

  it('is shown by initials where the page asks for privacy', async () => {
    showRequests(bff, scanRequest({ patient: { firstName: 'Zoe', lastName: 'Ohara', chartNumber: 'C-7' } }));
    bff.answer('POST', '/v1/scan-requests/check', { json: differentPatient });
    const element = await mountRequest(`${PATIENT} privacy`);
    await openForm(element);
    assert.include(visibleText(element), 'Z. O.');
    assert.notMatch(visibleText(element), /Zoë|O’Hara|Zoe|Ohara/);
    await assertAccessible(element);
  });

  it('who is known here is said to be known, and no more', async () => {
    const element = await mountRequest();
    await openForm(element);
    assert.include(visibleText(element), 'Known here under this chart number with the same name');
    assert.equal(part(element, '#send').getAttribute('aria-disabled'), 'false');
  });

  it('of whom nothing is known here will probably be a new one', async () => {
    bff.answer('POST', '/v1/scan-requests/check', { json: { ...unknownPatient, otherCharts: ['C-9'] } });
    const element = await mountRequest();
    await openForm(element);
    assert.include(
      visibleText(element),
      'No scan is known here under this chart number: Align will probably make a new patient.',
    );
    assert.include(visibleText(element), 'The same name is also known here under another chart number: C-9');
    await assertAccessible(element);
  });

  it('with another name here is sent only on the person’s word, under the name of the chart', async () => {
    bff.answer('POST', '/v1/scan-requests/check', { json: differentPatient });
    const element = await mountRequest();
    await fillForm(element);
    assert.include(visibleText(element), 'A different name is known here under this chart number: Zoe Ohara');
    part(element, '#send').click();
    await until('the choice has the focus', () => element.shadowRoot?.activeElement?.id === 'accept-different');
    assert.lengthOf(sentRequests(bff), 0);
    await assertAccessible(element);
    part(element, '#accept-different').click();
    await element.updateComplete;
    part(element, '#send').click();
    await until('it was sent', () => sentRequests(bff).length === 1);
    assert.nestedInclude(sentRequests(bff)[0]?.body, { 'patient.firstName': 'Zoë' });
  });

  it('can be corrected upstream, after a question, and is then looked up anew', async () => {
    bff.answer('POST', '/v1/scan-requests/check', { json: differentPatient });
    bff.answer('PATCH', '/v1/patients', { status: 204 });
    const element = await mountRequest();
    await openForm(element);
    control(element, 'Correct the name at iTero …').click();
    await until('it asks', () => element.shadowRoot?.activeElement?.id === 'correct-yes');
    await assertAccessible(element);
    bff.answer('POST', '/v1/scan-requests/check', { json: { ...differentPatient, verdict: 'same' } });
    part(element, '#correct-yes').click();
    await until('it is known', () => visibleText(element).includes('with the same name'));
    assert.deepEqual(bff.calls.find((call) => call.method === 'PATCH')?.body, {
      chartNumber: 'C-7',
      firstName: 'Zoe',
      lastName: 'Ohara',
      newFirstName: 'Zoë',
      newLastName: 'O’Hara',
    });
  });

  it('cannot be corrected upstream where the session does not allow it', async () => {
    const scopes: Scope[] = ['pair:read', 'scan-request:read', 'scan-request:write'];
    bff.grant(scopes);
    bff.answer('POST', '/v1/scan-requests/check', { json: differentPatient });
    const element = await mountRequest();
    await openForm(element);
    assert.isUndefined(findControl(element, /Correct the name/));
  });

  it('that could not be looked up is sent only on the person’s word', async () => {
    bff.answer('POST', '/v1/scan-requests/check', { problem: 'internal' });
    const element = await mountRequest();
    await fillForm(element);
    assert.include(visibleText(element), 'It could not be looked up whether this patient is known here.');
    assert.equal(part(element, '#send').getAttribute('aria-disabled'), 'true');
    await assertAccessible(element);
    part(element, '#accept-unchecked').click();
    await element.updateComplete;
    assert.equal(part(element, '#send').getAttribute('aria-disabled'), 'false');
  });

  it('that could not be looked up without a connection is looked up by itself when it is back', async () => {
    const element = await mountRequest();
    await openForm(element);
    const looks = (): number => bff.calls.filter((call) => call.path === '/v1/scan-requests/check').length;
    bff.offline();
    await until('the page knows that it is offline', () => element.matches(':state(offline)'));
    const before = looks();
    bff.online();
    await until('it was looked up again', () => looks() > before);
  });

  it('who is respelled while the form is open is looked up anew before anything can be sent', async () => {
    const element = await mountRequest();
    await fillForm(element);
    const held = bff.hold('POST', '/v1/scan-requests/check', { json: differentPatient });
    element.setAttribute('first-name', 'Zoé');
    part(element, '#send').click();
    await until('it looks up', () => visibleText(element).includes('Looking up'));
    part(element, '#send').click();
    held.release();
    await until('the answer is there', () => visibleText(element).includes('A different name is known here'));
    assert.equal(part(element, '.exact').textContent, 'Zoé O’Hara');
    assert.lengthOf(sentRequests(bff), 0);
  });

  it('who is changed for another one takes everything along: form, notes, list and late answers', async () => {
    showRequests(bff, scanRequest());
    const element = await mountRequest();
    await fillForm(element);
    partOf(element, '#notes', HTMLTextAreaElement).value = 'for the former patient';
    part(element, '#notes').dispatchEvent(new Event('input', { bubbles: true }));
    const list = bff.hold('POST', '/v1/scan-requests/search', { json: { items: [scanRequest()], nextCursor: null } });
    const post = bff.hold('POST', '/v1/scan-requests', { json: scanRequest(), status: 201 });
    let requested = 0;
    element.addEventListener('itero-scan-requested', () => (requested += 1));
    bff.push('scan_request.sent');
    part(element, '#send').click();
    await until('it was sent', () => sentRequests(bff).length === 1);
    element.setAttribute('chart-number', 'C-8');
    await element.updateComplete;
    assert.isNull(element.shadowRoot?.querySelector('form'));
    assert.notInclude(visibleText(element), 'Sent to the scanner');
    showRequests(bff);
    list.release();
    post.release();
    await until('the new list is there', () => element.matches(':state(empty)'));
    await nextTask();
    assert.equal(requested, 0);
    assert.notInclude(visibleText(element), 'Sent.');
    await openForm(element);
    assert.equal(partOf(element, '#notes', HTMLTextAreaElement).value, '');
  });
});
