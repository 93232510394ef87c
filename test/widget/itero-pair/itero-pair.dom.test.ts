import { assert } from 'chai';
import '../../../widget/define.ts';
import type { Pairing } from '../../../shared/pairing.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { watchLeaks } from '../../support/dom/leaks.ts';
import {
  assertAccessible,
  control,
  findControl,
  mount,
  nextTask,
  unmount,
  until,
  visibleText,
} from '../../support/dom/page.ts';
import { aPairing, CLOSED, NORTH, SOUTH, unpaired } from '../../support/dom/pairings.ts';

const START_URL = 'https://bff.example/v1/pairing/start/ticket-1';

interface FakePopup {
  closed: boolean;
  readonly location: { href: string };
  readonly document: { title: string; readonly body: { textContent: string } };
  close(): void;
}

describe('<itero-pair>', () => {
  let bff: FakeBff;
  let pairing: Pairing;
  let popup: FakePopup | null;
  const realOpen = window.open.bind(window);

  beforeEach(() => {
    bff = installFakeBff();
    pairing = aPairing();
    popup = {
      closed: false,
      location: { href: '' },
      document: { title: '', body: { textContent: '' } },
      close() {
        this.closed = true;
      },
    };
    window.open = () => popup as unknown as Window;
    bff.answer('GET', '/v1/pairing', () => ({ json: pairing }));
    bff.answer('POST', '/v1/pairing/authorizations', {
      json: { startUrl: START_URL, expiresAt: new Date(Date.now() + 600_000).toISOString() },
    });
    bff.answer('PUT', '/v1/pairing', ({ body }) => {
      const account = [NORTH, SOUTH].find((one) => one.id === (body as { accountId: string }).accountId);
      pairing = aPairing({ account: account ?? null });
      return { json: pairing };
    });
    bff.answer('GET', '/v1/pairing/impact', {
      json: {
        logins: [
          { displayName: 'Dr. Ada Lee', you: true },
          { displayName: 'Dr. Sam Ortiz', you: false },
        ],
        openRequests: [{ id: 'r1', createdAt: '2026-11-23T09:00:00.000Z' }],
      },
    });
  });

  afterEach(async () => {
    unmount();
    await nextTask();
    bff.restore();
    window.open = realOpen;
  });

  const attributes = `session-url="${SESSION_URL}" lang="en-GB"`;
  const pair = (): HTMLElement => mount(`<itero-pair ${attributes}></itero-pair>`);
  const shows = (element: HTMLElement, text: string | RegExp): Promise<void> =>
    until(`it shows ${String(text)}`, () => {
      const seen = visibleText(element);
      return typeof text === 'string' ? seen.includes(text) : text.test(seen);
    });
  const press = (element: HTMLElement, name: string | RegExp): void => control(element, name).click();
  const message = (origin: string, data: unknown): boolean =>
    window.dispatchEvent(new MessageEvent('message', { origin, data }));
  const signedIn = (accounts = [NORTH, SOUTH, CLOSED]): void => {
    pairing = unpaired({ state: 'signed_in', choosing: true });
    bff.answer('GET', '/v1/pairing/accounts', { json: { accounts } });
  };

  describe('shows', () => {
    it('that it loads', async () => {
      bff.hold('GET', '/v1/pairing', { json: pairing });
      const element = pair();
      await shows(element, 'Loading');
      assert.isTrue(element.matches(':state(loading)'));
      await assertAccessible(element);
    });

    it('a clinic that is connected: who is signed in, how scans arrive, and that none is missing', async () => {
      const element = pair();
      await shows(element, 'Smile North Dental');
      assert.isTrue(element.matches(':state(paired)'));
      const text = visibleText(element);
      assert.match(text, /Connected/);
      assert.match(text, /Dr\. Ada Lee you signed in/);
      assert.match(text, /43 cases, 41 by notification, 2 recovered, checked .*\d\d:\d\d/);
      assert.match(text, /Notifications Arriving\./);
      await assertAccessible(element);
    });

    it('a clinic that is not connected', async () => {
      pairing = unpaired();
      const element = pair();
      await shows(element, 'Connect to iTero');
      assert.isTrue(element.matches(':state(unpaired)'));
      await assertAccessible(element);
    });

    it('that nobody is signed in any more, and how to go on', async () => {
      pairing = aPairing({ state: 'needs_login', logins: [] });
      const element = pair();
      await shows(element, 'Nobody is signed in to iTero any more');
      assert.match(visibleText(element), /Needs attention/);
      assert.isDefined(findControl(element, 'Sign in again'));
      await assertAccessible(element);
    });

    it('that somebody disconnected the clinic elsewhere', async () => {
      pairing = aPairing({ state: 'lost', logins: [] });
      const element = pair();
      await shows(element, 'was disconnected from iTero somewhere else');
      assert.isDefined(findControl(element, 'Connect again'));
      assert.isTrue(element.matches(':state(unpaired)'));
      await assertAccessible(element);
    });

    it('a suspect callback and a failing check in words', async () => {
      const health = { ...pairing.health, callback: 'suspect' as const, problem: 'upstream_unavailable' };
      pairing = aPairing({ health });
      const element = pair();
      await shows(element, 'Not arriving');
      assert.match(visibleText(element), /iTero cannot be reached at the moment/);
      await assertAccessible(element);
    });

    it('a simulated environment as such', async () => {
      pairing = aPairing({ simulated: true });
      const element = pair();
      await shows(element, 'Simulated environment');
      await assertAccessible(element);
    });

    it('the connection without controls to a person who may not change it', async () => {
      bff.grant(['pair:read']);
      const element = pair();
      await shows(element, 'You can see the connection, not change it');
      assert.isUndefined(findControl(element, /Disconnect|Sign/));
      await assertAccessible(element);
    });

    it('what went wrong, its number for support, and tries again', async () => {
      bff.answer('GET', '/v1/pairing', { problem: 'internal' });
      const element = pair();
      await shows(element, 'Something went wrong here');
      assert.match(visibleText(element), /Number for support: req-/);
      assert.isTrue(element.matches(':state(error)'));
      await assertAccessible(element);
      bff.answer('GET', '/v1/pairing', () => ({ json: pairing }));
      press(element, 'Try again');
      await shows(element, 'Smile North Dental');
    });

    it('that it is offline, and keeps what it showed', async () => {
      const element = pair();
      await shows(element, 'Smile North Dental');
      bff.offline();
      window.dispatchEvent(new Event('online'));
      await until('offline', () => element.matches(':state(offline)'));
      assert.match(visibleText(element), /No connection to the scanner service.*Smile North Dental/);
      await assertAccessible(element);
      bff.online();
      await until('online', () => !element.matches(':state(offline)'));
    });

    it('that the session ended, and takes a new one when asked', async () => {
      const element = pair();
      await shows(element, 'Smile North Dental');
      bff.refuseSessions();
      bff.endSession();
      bff.push('pairing.created');
      window.dispatchEvent(new Event('online'));
      await shows(element, 'did not grant access');
      assert.notMatch(visibleText(element), /Smile North/);
      await assertAccessible(element);
      bff.refuseSessions(false);
      press(element, 'Try again');
      await shows(element, 'Smile North Dental');
    });

    it('that the page forgot to name a session', async () => {
      const element = mount('<itero-pair></itero-pair>');
      await shows(element, 'This element needs a session');
      await assertAccessible(element);
    });
  });

  describe('connects', () => {
    it('opens the window inside the click and sends it to the sign-in', async () => {
      pairing = unpaired();
      const held = bff.hold('POST', '/v1/pairing/authorizations', {
        json: { startUrl: START_URL, expiresAt: new Date(Date.now() + 600_000).toISOString() },
      });
      const element = pair();
      await shows(element, 'Connect to iTero');
      let opened = false;
      window.open = () => {
        opened = true;
        return popup as unknown as Window;
      };
      press(element, 'Connect to iTero');
      assert.isTrue(opened, 'before anything was awaited');
      assert.match(popup?.document.body.textContent ?? '', /Opening/);
      held.release();
      await until('the window is sent on', () => popup?.location.href === START_URL);
      await shows(element, 'Sign in to iTero in the window that has opened');
      await assertAccessible(element);
    });

    it('offers the choice of accounts when there are several, and connects the chosen one', async () => {
      pairing = unpaired();
      const element = pair();
      let paired = '';
      element.addEventListener('itero-paired', (event) => {
        paired = event.detail.accountId;
      });
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      signedIn();
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
      pairing = unpaired();
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      signedIn([NORTH, CLOSED]);
      message('https://bff.example', { type: 'itero-sign-in', outcome: 'signed_in' });
      await shows(element, 'Smile North Dental is connected.');
    });

    it('hears no message of another origin, but sees the result when the person comes back', async () => {
      pairing = unpaired();
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      signedIn();
      const asked = bff.calls.length;
      message('https://evil.example', { type: 'itero-sign-in', outcome: 'signed_in' });
      await nextTask();
      assert.lengthOf(bff.calls, asked);
      window.dispatchEvent(new Event('focus'));
      await shows(element, 'Which iTero account');
    });

    it('gives a link when the browser blocks the window', async () => {
      pairing = unpaired();
      popup = null;
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'The browser blocked the sign-in window');
      const link = control(element, 'Open the iTero sign-in') as HTMLAnchorElement;
      assert.equal(link.href, START_URL);
      assert.equal(link.target, '_blank');
      await assertAccessible(element);
    });

    it('never opens an address that is no web page', async () => {
      pairing = unpaired();
      bff.answer('POST', '/v1/pairing/authorizations', {
        json: { startUrl: 'javascript:alert(1)', expiresAt: new Date().toISOString() },
      });
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'could not be read');
      assert.equal(popup?.location.href, '');
      assert.isTrue(popup?.closed);
    });

    it('says why a sign-in failed', async () => {
      pairing = unpaired();
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      pairing = unpaired({ signInProblem: 'user_not_allowed' });
      message('https://bff.example', { type: 'itero-sign-in', outcome: 'failed' });
      await shows(element, 'it needs a type such as Dentist');
      assert.isDefined(findControl(element, 'Connect to iTero'));
    });

    it('lets the person cancel', async () => {
      pairing = unpaired();
      const element = pair();
      await shows(element, 'Connect to iTero');
      press(element, 'Connect to iTero');
      await shows(element, 'in the window that has opened');
      press(element, 'Cancel');
      await shows(element, 'Connect to iTero');
    });

    it('says what to do when the account is in use elsewhere', async () => {
      signedIn();
      bff.answer('PUT', '/v1/pairing', { problem: 'account_in_use' });
      const element = pair();
      await shows(element, 'Which iTero account');
      press(element, /Smile North/);
      await nextTask();
      press(element, 'Connect this account');
      await shows(element, 'This iTero account is in use elsewhere');
    });
  });

  describe('lets go', () => {
    const dialog = (element: HTMLElement): HTMLDialogElement | null =>
      element.shadowRoot?.querySelector('dialog') ?? null;

    it('shows what disconnecting affects before it does it', async () => {
      const element = pair();
      const heard: string[] = [];
      element.addEventListener('itero-unpaired', (event) => heard.push(event.detail.reason));
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await shows(element, 'Dr. Ada Lee (you), Dr. Sam Ortiz');
      assert.match(visibleText(element), /1 open scan request stays on the scanner/);
      assert.isTrue(dialog(element)?.open);
      await assertAccessible(element);
      bff.answer('DELETE', '/v1/pairing', () => {
        pairing = unpaired();
        return { status: 204 };
      });
      press(element, 'Disconnect for everybody');
      await shows(element, 'The clinic is disconnected.');
      assert.deepEqual(heard, ['unpaired']);
      assert.isNull(dialog(element));
    });

    it('does nothing when the page prevents it', async () => {
      const element = pair();
      element.addEventListener('itero-before-unpair', (event) => event.preventDefault());
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await shows(element, 'Dr. Ada Lee (you)');
      press(element, 'Disconnect for everybody');
      await until('closed', () => dialog(element) === null);
      assert.notInclude(
        bff.calls.map((call) => call.method),
        'DELETE',
      );
    });

    it('keeps the dialog and says so when disconnecting failed', async () => {
      bff.answer('DELETE', '/v1/pairing', { problem: 'upstream_unavailable' });
      const element = pair();
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await shows(element, 'Dr. Ada Lee (you)');
      press(element, 'Disconnect for everybody');
      await shows(element, 'iTero cannot be reached');
      assert.isTrue(dialog(element)?.open);
      assert.isTrue(element.matches(':state(paired)'));
    });

    it('closes the dialog by Escape and changes nothing', async () => {
      const element = pair();
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await until('open', () => dialog(element)?.open === true);
      dialog(element)?.dispatchEvent(new Event('cancel', { cancelable: true }));
      await until('closed', () => dialog(element) === null);
      assert.notInclude(
        bff.calls.map((call) => call.method),
        'DELETE',
      );
    });

    it('warns before the last one signs out', async () => {
      pairing = aPairing({ logins: aPairing().logins.slice(0, 1) });
      const element = pair();
      await shows(element, 'Smile North Dental');
      press(element, 'Sign me out here');
      await shows(element, 'Nobody else is signed in. New scans stop arriving');
      await assertAccessible(element);
      bff.answer('DELETE', '/v1/pairing/login', () => {
        pairing = aPairing({ state: 'needs_login', logins: [] });
        return { status: 204 };
      });
      press(element, 'Sign me out');
      await shows(element, 'You are signed out of iTero.');
    });

    it('tells when somebody disconnects the clinic elsewhere', async () => {
      const element = pair();
      const heard: string[] = [];
      element.addEventListener('itero-unpaired', (event) => heard.push(event.detail.reason));
      await shows(element, 'Smile North Dental');
      pairing = aPairing({ state: 'lost', logins: [] });
      bff.push('pairing.removed', { reason: 'lost' });
      await shows(element, 'somewhere else');
      assert.deepEqual(heard, ['lost']);
    });

    it('takes no answer that was asked for before it disconnected', async () => {
      const element = pair();
      const heard: string[] = [];
      element.addEventListener('itero-paired', () => heard.push('paired'));
      element.addEventListener('itero-unpaired', () => heard.push('unpaired'));
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await shows(element, 'Dr. Ada Lee (you)');
      const late = bff.hold('GET', '/v1/pairing', { json: aPairing() });
      bff.push('scan.received', { orderId: '1' });
      await until('a look is under way', () => bff.calls.at(-1)?.path === '/v1/pairing');
      bff.answer('DELETE', '/v1/pairing', () => {
        pairing = unpaired();
        return { status: 204 };
      });
      press(element, 'Disconnect for everybody');
      await until('disconnected', () => bff.calls.some((call) => call.method === 'DELETE'));
      await nextTask();
      bff.answer('GET', '/v1/pairing', () => ({ json: pairing }));
      late.release();
      await shows(element, 'Connect to iTero');
      assert.deepEqual(heard, ['unpaired']);
    });

    it('gives the focus back to the button that asked, and to the top when that one is gone', async () => {
      const element = pair();
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
      bff.answer('DELETE', '/v1/pairing', () => {
        pairing = unpaired();
        return { status: 204 };
      });
      press(element, 'Disconnect for everybody');
      await shows(element, 'The clinic is disconnected.');
      await until('the focus is at the top', () => focused()?.id === 'heading');
    });

    it('puts no name into its events', async () => {
      const element = pair();
      const details: string[] = [];
      for (const type of ['itero-ready', 'itero-paired', 'itero-unpaired', 'itero-before-unpair', 'itero-error']) {
        element.addEventListener(type, (event) => details.push(JSON.stringify((event as CustomEvent).detail)));
      }
      await shows(element, 'Smile North Dental');
      press(element, 'Disconnect clinic…');
      await shows(element, 'Dr. Ada Lee (you)');
      bff.answer('DELETE', '/v1/pairing', () => {
        pairing = unpaired();
        return { status: 204 };
      });
      press(element, 'Disconnect for everybody');
      await shows(element, 'The clinic is disconnected.');
      assert.lengthOf(details, 3);
      assert.notMatch(details.join(), /Lee|Ortiz|Smile/);
    });

    it('leaves nothing behind in the midst of a sign-in', async () => {
      pairing = unpaired();
      const leaks = watchLeaks();
      for (let round = 0; round < 20; round++) {
        const element = pair();
        await shows(element, 'Connect to iTero');
        press(element, 'Connect to iTero');
        await shows(element, 'in the window that has opened');
        unmount();
        await nextTask();
      }
      assert.equal(bff.openStreams, 0);
      assert.deepEqual(leaks.stop(), { listeners: [], timers: 0 });
    });
  });
});
