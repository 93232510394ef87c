import { assert } from 'chai';
import { assertAccessible, control, findControl, nextTask, until, visibleText } from '../../support/dom/page.ts';
import { message, press, shows, START_URL, usePairClinic } from '../../support/dom/pair-clinic.ts';
import { aPairing, CLOSED, NORTH, SOUTH, unpaired } from '../fixtures/pairings.fixture.ts';

describe('<itero-pair> connects', () => {
  const clinic = usePairClinic();

  const connected = (): boolean => clinic.bff.calls.some(({ method }) => method === 'PUT');
  const holdStart = (): { release(): void } =>
    clinic.bff.hold('POST', '/v1/pairing/authorizations', {
      json: { startUrl: START_URL, expiresAt: new Date(Date.now() + 600_000).toISOString() },
    });
  /** The element, after a person has pressed "Connect to iTero". */
  async function connecting(): Promise<HTMLElement> {
    const element = clinic.pair();
    await shows(element, 'Connect to iTero');
    press(element, 'Connect to iTero');
    return element;
  }

  it('opens the window inside the click and sends it to the sign-in', async () => {
    clinic.pairing = unpaired();
    const held = holdStart();
    const element = clinic.pair();
    await shows(element, 'Connect to iTero');
    let opened = false;
    window.open = () => {
      opened = true;
      return clinic.popup as unknown as Window;
    };
    press(element, 'Connect to iTero');
    assert.isTrue(opened, 'before anything was awaited');
    assert.match(clinic.popup?.document.body.textContent ?? '', /Opening/);
    held.release();
    await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
    await shows(element, 'Sign in to iTero in the window that has opened');
    await assertAccessible(element);
  });

  it('offers the choice of accounts when there are several, and connects the chosen one', async () => {
    clinic.pairing = unpaired();
    const element = clinic.pair();
    let paired = '';
    element.addEventListener('itero-paired', (event) => {
      paired = event.detail.accountId;
    });
    await shows(element, 'Connect to iTero');
    press(element, 'Connect to iTero');
    await shows(element, 'in the window that has opened');
    clinic.signedIn();
    message('https://bff.example', { type: 'itero-sign-in', outcome: 'signed_in' });
    await shows(element, 'Which iTero account');
    await assertAccessible(element);
    assert.isTrue((control(element, /Old Mill/) as HTMLInputElement).disabled);
    assert.match(visibleText(element), /Not set up for the integration/);
    assert.isTrue((control(element, 'Connect this account') as HTMLButtonElement).disabled);
    press(element, /Smile South/);
    await nextTask();
    press(element, 'Connect this account');
    await shows(element, 'Smile South is connected.');
    assert.equal(paired, SOUTH.id);
  });

  it('skips the choice when there is one', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    clinic.signedIn([NORTH, CLOSED]);
    message('https://bff.example', { type: 'itero-sign-in', outcome: 'signed_in' });
    await shows(element, 'Smile North Dental is connected.');
  });

  it('hears no message of another origin, but sees the result when the person comes back', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
    clinic.signedIn();
    const asked = clinic.bff.calls.length;
    message('https://evil.example', { type: 'itero-sign-in', outcome: 'signed_in' });
    await nextTask();
    assert.lengthOf(clinic.bff.calls, asked);
    window.dispatchEvent(new Event('focus'));
    await shows(element, 'Which iTero account');
  });

  it('gives a link when the browser blocks the window', async () => {
    clinic.pairing = unpaired();
    clinic.popup = null;
    const element = await connecting();
    await shows(element, 'The browser blocked the sign-in window');
    const link = control(element, 'Open the iTero sign-in') as HTMLAnchorElement;
    assert.equal(link.href, START_URL);
    assert.equal(link.target, '_blank');
    await assertAccessible(element);
  });

  it('never opens an address that is no web page', async () => {
    clinic.pairing = unpaired();
    clinic.bff.answer('POST', '/v1/pairing/authorizations', {
      json: { startUrl: 'javascript:alert(1)', expiresAt: new Date().toISOString() },
    });
    const element = await connecting();
    await shows(element, 'could not be read');
    assert.equal(clinic.popup?.location.href, '');
    assert.isTrue(clinic.popup?.closed);
  });

  it('says why a sign-in failed', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    clinic.pairing = unpaired({ signInProblem: 'user_not_allowed' });
    message('https://bff.example', { type: 'itero-sign-in', outcome: 'failed' });
    await shows(element, 'it needs a type such as Dentist');
    assert.isDefined(findControl(element, 'Connect to iTero'));
  });

  it('lets the person cancel', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    press(element, 'Cancel');
    await shows(element, 'Connect to iTero');
  });

  it('closes the window and sends nothing on when the person cancels before the sign-in is ready', async () => {
    clinic.pairing = unpaired();
    const held = holdStart();
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    press(element, 'Cancel');
    await shows(element, 'Connect to iTero');
    assert.isTrue(clinic.popup?.closed);
    held.release();
    await nextTask();
    assert.equal(clinic.popup?.location.href, '');
  });

  it('gives no link for a blocked window after the person has cancelled', async () => {
    clinic.pairing = unpaired();
    const held = holdStart();
    clinic.popup = null;
    const element = await connecting();
    await shows(element, 'in the window that has opened');
    press(element, 'Cancel');
    await shows(element, 'Connect to iTero');
    held.release();
    await nextTask();
    assert.notInclude(visibleText(element), 'The browser blocked the sign-in window');
    assert.include(visibleText(element), 'Connect to iTero');
  });

  it('connects nothing by itself when a sign-in is finished that was cancelled here', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
    press(element, 'Cancel');
    await shows(element, 'Connect to iTero');
    clinic.signedIn([NORTH, CLOSED]);
    clinic.bff.push('pairing.created', {});
    await shows(element, 'Which iTero account');
    assert.isFalse(connected());
  });

  it('ends no sign-in by a look at the one before', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
    const look = clinic.bff.hold('GET', '/v1/pairing', { json: clinic.pairing });
    if (clinic.popup) clinic.popup.closed = true;
    window.dispatchEvent(new Event('focus'));
    press(element, 'Cancel');
    await shows(element, 'Connect to iTero');
    if (clinic.popup) clinic.popup.closed = false;
    press(element, 'Connect to iTero');
    await shows(element, 'in the window that has opened');
    look.release();
    await nextTask();
    assert.include(visibleText(element), 'in the window that has opened');
  });

  it('goes on with the sign-in when the element is moved within the page', async () => {
    clinic.pairing = unpaired();
    const element = await connecting();
    await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
    const box = document.createElement('div');
    element.parentElement?.append(box);
    box.append(element);
    await nextTask();
    clinic.signedIn();
    message('https://bff.example', { type: 'itero-sign-in', outcome: 'signed_in' });
    await shows(element, 'Which iTero account');
  });

  describe('as somebody else, while the sign-in before waits for its choice,', () => {
    async function signInAgain(): Promise<HTMLElement> {
      clinic.signedIn([NORTH, CLOSED]);
      const element = clinic.pair();
      await shows(element, 'Which iTero account');
      press(element, 'Sign in as somebody else');
      await until('the window is sent on', () => clinic.popup?.location.href === START_URL);
      const looks = (): number => clinic.bff.calls.filter(({ path }) => path === '/v1/pairing').length;
      const before = looks();
      window.dispatchEvent(new Event('focus'));
      await until('it looks', () => looks() > before);
      await nextTask();
      await shows(element, 'in the window that has opened');
      return element;
    }

    it('waits for that one to end, and offers its accounts', async () => {
      const element = await signInAgain();
      clinic.signedIn([SOUTH, NORTH]);
      message('https://bff.example', { type: 'itero-sign-in', outcome: 'signed_in' });
      await shows(element, 'Smile South');
      assert.isFalse(connected());
    });

    it('connects nothing by itself when the window was closed', async () => {
      const element = await signInAgain();
      if (clinic.popup) clinic.popup.closed = true;
      window.dispatchEvent(new Event('focus'));
      await shows(element, 'Which iTero account');
      assert.isFalse(connected());
    });

    it('goes back to the choice when the person cancels', async () => {
      const element = await signInAgain();
      press(element, 'Cancel');
      await shows(element, 'Which iTero account');
      assert.isFalse(connected());
    });
  });

  for (const when of ['is open', 'is being asked for'] as const) {
    it(`leaves the choice when the clinic was connected in another tab while it ${when}`, async () => {
      clinic.pairing = unpaired();
      const element = clinic.pair();
      await shows(element, 'Connect to iTero');
      clinic.signedIn();
      const accounts = { json: { accounts: [NORTH, SOUTH] } };
      const held = when === 'is open' ? undefined : clinic.bff.hold('GET', '/v1/pairing/accounts', accounts);
      clinic.bff.push('pairing.created', {});
      await shows(element, held ? 'Asking iTero for your accounts' : 'Which iTero account');
      clinic.pairing = aPairing();
      clinic.bff.push('pairing.created', {});
      await shows(element, 'Disconnect clinic…');
      assert.notInclude(visibleText(element), 'No connection', 'it did not wait for the accounts');
      held?.release();
      await nextTask();
      assert.notInclude(visibleText(element), 'Which iTero account');
      assert.include(visibleText(element), 'Disconnect clinic…');
    });
  }

  it('says what to do when the account is in use elsewhere', async () => {
    clinic.signedIn();
    clinic.bff.answer('PUT', '/v1/pairing', { problem: 'account_in_use' });
    const element = clinic.pair();
    await shows(element, 'Which iTero account');
    press(element, /Smile North/);
    await nextTask();
    press(element, 'Connect this account');
    await shows(element, 'This iTero account is in use elsewhere');
  });
});
