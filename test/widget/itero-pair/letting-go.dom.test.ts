import { assert } from 'chai';
import { watchLeaks } from '../../support/dom/leaks.ts';
import { assertAccessible, control, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { press, shows, usePairClinic } from '../../support/dom/pair-clinic.ts';
import { aPairing, unpaired } from '../fixtures/pairings.fixture.ts';

describe('<itero-pair> lets go', () => {
  const clinic = usePairClinic();

  const dialog = (element: HTMLElement): HTMLDialogElement | null =>
    element.shadowRoot?.querySelector('dialog') ?? null;

  it('shows what disconnecting affects before it does it', async () => {
    const element = clinic.pair();
    const heard: string[] = [];
    element.addEventListener('itero-unpaired', (event) => heard.push(event.detail.reason));
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you), Dr. Sam Ortiz');
    assert.match(visibleText(element), /1 open scan request stays on the scanner/);
    assert.isTrue(dialog(element)?.open);
    await assertAccessible(element);
    clinic.bff.answer('DELETE', '/v1/pairing', () => {
      clinic.pairing = unpaired();
      return { status: 204 };
    });
    press(element, 'Disconnect for everybody');
    await shows(element, 'The clinic is disconnected.');
    assert.deepEqual(heard, ['unpaired']);
    assert.isNull(dialog(element));
  });

  it('does nothing when the page prevents it', async () => {
    const element = clinic.pair();
    element.addEventListener('itero-before-unpair', (event) => event.preventDefault());
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    press(element, 'Disconnect for everybody');
    await until('closed', () => dialog(element) === null);
    assert.notInclude(
      clinic.bff.calls.map((call) => call.method),
      'DELETE',
    );
  });

  it('keeps the dialog and says so when disconnecting failed', async () => {
    clinic.bff.answer('DELETE', '/v1/pairing', { problem: 'upstream_unavailable' });
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    press(element, 'Disconnect for everybody');
    await shows(element, 'iTero cannot be reached');
    assert.isTrue(dialog(element)?.open);
    assert.isTrue(element.matches(':state(paired)'));
  });

  it('closes the dialog by Escape and changes nothing', async () => {
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await until('open', () => dialog(element)?.open === true);
    dialog(element)?.dispatchEvent(new Event('cancel', { cancelable: true }));
    await until('closed', () => dialog(element) === null);
    assert.notInclude(
      clinic.bff.calls.map((call) => call.method),
      'DELETE',
    );
  });

  it('warns before the last one signs out', async () => {
    clinic.pairing = aPairing({ logins: aPairing().logins.slice(0, 1) });
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    press(element, 'Sign me out here');
    await shows(element, 'Nobody else is signed in. New scans stop arriving');
    await assertAccessible(element);
    clinic.bff.answer('DELETE', '/v1/pairing/login', () => {
      clinic.pairing = aPairing({ state: 'needs_login', logins: [] });
      return { status: 204 };
    });
    press(element, 'Sign me out');
    await shows(element, 'You are signed out of iTero.');
  });

  it('tells when somebody disconnects the clinic elsewhere', async () => {
    const element = clinic.pair();
    const heard: string[] = [];
    element.addEventListener('itero-unpaired', (event) => heard.push(event.detail.reason));
    await shows(element, 'Smile North Dental');
    clinic.pairing = aPairing({ state: 'lost', logins: [] });
    clinic.bff.push('pairing.removed', { reason: 'lost' });
    await shows(element, 'somewhere else');
    assert.deepEqual(heard, ['lost']);
  });

  it('takes no answer that was asked for before it disconnected', async () => {
    const element = clinic.pair();
    const heard: string[] = [];
    element.addEventListener('itero-paired', () => heard.push('paired'));
    element.addEventListener('itero-unpaired', () => heard.push('unpaired'));
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    const late = clinic.bff.hold('GET', '/v1/pairing', { json: aPairing() });
    clinic.bff.push('scan.received', { orderId: '1' });
    await until('a look is under way', () => clinic.bff.calls.at(-1)?.path === '/v1/pairing');
    clinic.bff.answer('DELETE', '/v1/pairing', () => {
      clinic.pairing = unpaired();
      return { status: 204 };
    });
    press(element, 'Disconnect for everybody');
    await until('disconnected', () => clinic.bff.calls.some((call) => call.method === 'DELETE'));
    await nextTask();
    clinic.bff.answer('GET', '/v1/pairing', () => ({ json: clinic.pairing }));
    late.release();
    await shows(element, 'Connect to iTero');
    assert.deepEqual(heard, ['unpaired']);
  });

  it('gives the focus back to the button that asked, and to the top when that one is gone', async () => {
    const element = clinic.pair();
    const focused = (): Element | null | undefined => element.shadowRoot?.activeElement;
    await shows(element, 'Smile North Dental');
    control(element, 'Disconnect clinic…').focus();
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    assert.equal(focused()?.textContent?.trim(), 'Keep connected', 'the harmless answer comes first');
    press(element, 'Keep connected');
    await until('closed', () => dialog(element) === null);
    assert.equal(focused(), control(element, 'Disconnect clinic…'));
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    clinic.bff.answer('DELETE', '/v1/pairing', () => {
      clinic.pairing = unpaired();
      return { status: 204 };
    });
    press(element, 'Disconnect for everybody');
    await shows(element, 'The clinic is disconnected.');
    await until('the focus is at the top', () => focused()?.id === 'heading');
  });

  it('puts no name into its events', async () => {
    const element = clinic.pair();
    const details: string[] = [];
    for (const type of ['itero-ready', 'itero-paired', 'itero-unpaired', 'itero-before-unpair', 'itero-error']) {
      element.addEventListener(type, (event) => details.push(JSON.stringify((event as CustomEvent).detail)));
    }
    await shows(element, 'Smile North Dental');
    press(element, 'Disconnect clinic…');
    await shows(element, 'Dr. Ada Lee (you)');
    clinic.bff.answer('DELETE', '/v1/pairing', () => {
      clinic.pairing = unpaired();
      return { status: 204 };
    });
    press(element, 'Disconnect for everybody');
    await shows(element, 'The clinic is disconnected.');
    assert.lengthOf(details, 3);
    assert.notMatch(details.join(), /Lee|Ortiz|Smile/);
  });

  it('leaves nothing behind in the midst of a sign-in', async () => {
    clinic.pairing = unpaired();
    const leaks = watchLeaks();
    for (let round = 0; round < 20; round++) {
      const element = clinic.pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      unmount();
      await nextTask();
    }
    await until('streams are closed', () => clinic.bff.openStreams === 0);
    await until('calls that were cut off have ended', () => leaks.left() === 0);
    assert.deepEqual(leaks.stop(), { listeners: [], timers: 0 });
  });
});
