import { sendKeys } from '@web/test-runner-commands';
import { assert } from 'chai';
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
  installRequestBff,
  mountRequest,
  openForm,
  part,
  partOf,
  sentRequests,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { unpaired } from '../fixtures/pairings.fixture.ts';
import { practice, scanRequest } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;

describe('itero-scan-request', () => {
  beforeEach(() => {
    bff = installRequestBff();
    showRequests(bff);
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  describe('before the form', () => {
    it('offers to send, and says that there is no request yet', async () => {
      const element = await mountRequest();
      assert.include(visibleText(element), 'No scan request for this chart yet.');
      assert.isTrue(element.matches(':state(empty)'));
      assert.isTrue(element.matches(':state(paired)'));
      assert.isFalse(partOf(element, '#open', HTMLButtonElement).disabled);
      await assertAccessible(element);
    });

    for (const [what, attributes, sentence] of [
      ['chart number', 'first-name="A" last-name="B" chart-number=""', 'This chart has no chart number.'],
      ['chart number attribute', 'first-name="A" last-name="B"', 'This chart has no chart number.'],
      ['first name', 'first-name=" " last-name="B" chart-number="7"', 'This chart has no first name.'],
      ['last name', 'first-name="A" chart-number="7"', 'This chart has no last name.'],
    ] as const) {
      it(`sends nothing from a chart without ${what}, and says so`, async () => {
        const element = await mountRequest(attributes);
        assert.isTrue(partOf(element, '#open', HTMLButtonElement).disabled);
        assert.include(visibleText(element), sentence);
        await assertAccessible(element);
      });
    }

    for (const [state, sentence] of [
      ['unpaired', 'This clinic is not connected to iTero.'],
      ['needs_login', 'Nobody is signed in to iTero any more. Whoever manages the connection can sign in again'],
      ['lost', 'Somebody disconnected this clinic in iTero. Whoever manages the connection can connect it again'],
    ] as const) {
      it(`says what to do when the clinic is ${state}, and when it is paired again`, async () => {
        bff.answer('GET', '/v1/pairing', { json: unpaired({ state }) });
        const element = await mountRequest();
        assert.include(visibleText(element), sentence);
        assert.isTrue(element.matches(':state(unpaired)'));
        assert.isTrue(partOf(element, '#open', HTMLButtonElement).disabled);
        await assertAccessible(element);
        bff.answer('GET', '/v1/pairing', { json: unpaired({ state: 'paired' }) });
        bff.push('pairing.created');
        await until('it is paired', () => element.matches(':state(paired)'));
        await element.updateComplete;
        assert.isFalse(partOf(element, '#open', HTMLButtonElement).disabled);
      });
    }

    it('is a list to read where the session may not write', async () => {
      bff.grant(['pair:read', 'scan-request:read']);
      showRequests(bff, scanRequest());
      const element = await mountRequest();
      assert.isUndefined(findControl(element, 'Send to scanner'));
      assert.isUndefined(findControl(element, /Cancel request/));
      assert.include(visibleText(element), 'Sent to the scanner');
      await assertAccessible(element);
    });

    it('shows a list that cannot be loaded, and loads it when asked', async () => {
      bff.answer('POST', '/v1/scan-requests/search', { problem: 'internal' });
      const element = await mountRequest();
      assert.include(visibleText(element), 'Something went wrong here.');
      assert.isTrue(element.matches(':state(error)'));
      await assertAccessible(element);
      showRequests(bff, scanRequest());
      control(element, 'Try again').click();
      await until('the list is there', () => visibleText(element).includes('Sent to the scanner'));
    });

    it('is announced as loading until the answers come', async () => {
      const held = bff.hold('POST', '/v1/scan-requests/search', { json: { items: [], nextCursor: null } });
      const mounted = mountRequest();
      await until('it loads', () => document.querySelector('itero-scan-request:state(loading)') !== null);
      await assertAccessible(document.querySelector('itero-scan-request') ?? document.body);
      held.release();
      await mounted;
    });

    it('says when the practice system grants no session any more', async () => {
      const element = await mountRequest();
      bff.refuseSessions();
      bff.endSession();
      bff.push('scan_request.sent');
      await until('the session has ended', () => element.matches(':state(error)'));
      assert.include(visibleText(element), 'The practice system did not grant access');
      await assertAccessible(element);
    });
  });

  it('forgets the form and late answers of the person who was signed in before', async () => {
    const element = await mountRequest();
    await fillForm(element);
    const held = bff.hold('POST', '/v1/scan-requests/search', { json: { items: [scanRequest()], nextCursor: null } });
    bff.push('scan_request.sent');
    await until('the list is asked for', () => bff.calls.filter((call) => call.path.endsWith('/search')).length === 2);
    showRequests(bff);
    bff.signInAs('somebody-else');
    bff.endSession();
    await until('the form is gone', () => element.shadowRoot?.querySelector('form') === null);
    held.release();
    await until('the new list is there', () => element.matches(':state(empty):state(paired)'));
    await nextTask();
    assert.notInclude(visibleText(element), 'Sent to the scanner');
  });

  describe('the form', () => {
    it('asks for what the practice has, and lists what cannot be chosen with the reason', async () => {
      const element = await mountRequest();
      await openForm(element);
      const options = (id: string) => [...partOf(element, `#${id}`, HTMLSelectElement).options];
      assert.deepEqual(
        options('procedure').map((option) => option.label),
        ['Choose …', 'Study Model/iRecord', 'Fixed Restorative', 'Implant Planning', 'Appliance'],
      );
      const old = options('scanner').find((option) => option.value === 'S0');
      assert.isTrue(old?.disabled);
      assert.include(old?.label ?? '', 'not supported: older than Element 1');
      assert.isTrue(options('doctor').find((option) => option.value === 'd3')?.disabled);
      await assertAccessible(element);
    });

    it('asks for teeth and restorations only where the type needs them', async () => {
      const element = await mountRequest();
      await openForm(element);
      const chart = () => element.shadowRoot?.querySelector('itero-tooth-chart') ?? null;
      await choose(element, 'procedure', 'p1');
      assert.isNull(chart());
      await choose(element, 'procedure', 'p2');
      await choose(element, 'type', 't2');
      assert.isNotNull(chart());
      chart()
        ?.shadowRoot?.querySelector('[data-tooth="3"]')
        ?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      chart()
        ?.shadowRoot?.querySelector('[data-tooth="4"]')
        ?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
      await element.updateComplete;
      await choose(element, 'restoration-3', 'Crown');
      await choose(element, 'shade-3', 'A2');
      control(element, 'Take 16 over to all teeth').click();
      await choose(element, 'doctor', 'd1');
      await assertAccessible(element);
      part(element, '#send').click();
      await until('it was sent', () => sentRequests(bff).length === 1);
      assert.deepInclude(sentRequests(bff)[0]?.body, {
        procedureTypeId: 't2',
        teeth: [
          { adaId: 3, restorationType: 'Crown', shade: 'A2' },
          { adaId: 4, restorationType: 'Crown', shade: 'A2' },
        ],
      });
    });

    it('marks what is missing, says it in words and goes to the first', async () => {
      const element = await mountRequest();
      await openForm(element);
      await choose(element, 'procedure', 'p2');
      await choose(element, 'type', 't2');
      part(element, '#send').click();
      await until('the chart has the focus', () => element.shadowRoot?.activeElement?.id === 'teeth');
      assert.include(visibleText(element), 'Choose at least one tooth.');
      assert.include(visibleText(element), 'Choose the doctor.');
      assert.equal(part(element, '#doctor').getAttribute('aria-invalid'), 'true');
      assert.lengthOf(sentRequests(bff), 0);
      await assertAccessible(element);
      await choose(element, 'doctor', 'd1');
      assert.notInclude(visibleText(element), 'Choose the doctor.');
    });

    it('can be filled in and sent with the keyboard alone', async () => {
      const element = await mountRequest();
      control(element, 'Send to scanner').focus();
      await sendKeys({ press: 'Enter' });
      await until('the procedure has the focus', () => element.shadowRoot?.activeElement?.id === 'procedure');
      await sendKeys({ type: 'Fixed' });
      await sendKeys({ press: 'Tab' });
      await sendKeys({ type: 'Crown' });
      await sendKeys({ press: 'Tab' });
      await sendKeys({ type: '26' });
      await sendKeys({ press: 'Space' });
      await sendKeys({ press: 'Tab' });
      await sendKeys({ press: 'Tab' });
      assert.equal(element.shadowRoot?.activeElement?.id, 'restoration-14');
      await sendKeys({ type: 'Cr' });
      for (const id of ['material-14', 'shade-14', 'doctor']) {
        await sendKeys({ press: 'Tab' });
        assert.equal(element.shadowRoot?.activeElement?.id, id);
      }
      await sendKeys({ type: 'Tom' });
      for (let tabs = 0; tabs < 12 && element.shadowRoot?.activeElement?.id !== 'notes'; tabs += 1) {
        await sendKeys({ press: 'Tab' });
      }
      await sendKeys({ type: 'subgingival' });
      await sendKeys({ press: 'Tab' });
      assert.equal(element.shadowRoot?.activeElement?.id, 'send');
      await sendKeys({ press: 'Enter' });
      await until('it was sent', () => visibleText(element).includes('Sent. The request is open on the scanner.'));
      assert.deepEqual(sentRequests(bff)[0]?.body, {
        patient: { firstName: 'Zoë', lastName: 'O’Hara', chartNumber: 'C-7', dateOfBirth: '1980-02-29' },
        doctorId: 'd2',
        procedureId: 'p2',
        procedureTypeId: 't2',
        teeth: [{ adaId: 14, restorationType: 'Crown' }],
        notes: 'subgingival',
      });
      await until('the focus is back', () => element.shadowRoot?.activeElement?.id === 'open');
    });

    it('is closed by Escape with the focus back on its button, and keeps what was typed', async () => {
      const element = await mountRequest();
      await fillForm(element);
      partOf(element, '#notes', HTMLTextAreaElement).focus();
      await sendKeys({ type: 'margin' });
      await sendKeys({ press: 'Escape' });
      await until('the focus is back', () => element.shadowRoot?.activeElement?.id === 'open');
      await openForm(element);
      assert.equal(partOf(element, '#notes', HTMLTextAreaElement).value, 'margin');
    });

    it('says why it cannot open, and opens when asked again', async () => {
      bff.answer('GET', '/v1/practice', { problem: 'upstream_unavailable' });
      const element = await mountRequest();
      control(element, 'Send to scanner').click();
      await until('it says why', () => visibleText(element).includes('iTero cannot be reached at the moment.'));
      await assertAccessible(element);
      bff.answer('GET', '/v1/practice', { json: practice });
      control(element, 'Try again').click();
      await until('it is open', () => element.shadowRoot?.querySelector('form') !== null);
    });

    it('can be opened again when a name was missing for a moment while it opened', async () => {
      const element = await mountRequest();
      const held = bff.hold('GET', '/v1/practice', { json: practice });
      control(element, 'Send to scanner').click();
      await until('the practice is asked', () => bff.calls.some(({ path }) => path === '/v1/practice'));
      element.removeAttribute('last-name');
      await element.updateComplete;
      held.release();
      await until('it waits for nothing any more', () => !element.matches(':state(loading)'));
      element.setAttribute('last-name', 'O’Hara');
      await element.updateComplete;
      await openForm(element);
      assert.isFalse(partOf(element, '#procedure', HTMLSelectElement).disabled);
    });

    it('chooses the next time what was chosen the last time', async () => {
      const first = await mountRequest();
      await fillForm(first);
      part(first, '#send').click();
      await until('it was sent', () => visibleText(first).includes('Sent.'));
      await openForm(first);
      assert.equal(partOf(first, '#procedure', HTMLSelectElement).value, 'p1');
      assert.equal(partOf(first, '#doctor', HTMLSelectElement).value, 'd1');
      assert.equal(partOf(first, '#notes', HTMLTextAreaElement).value, '');
    });
  });
});
