import '../../../widget/define.ts';
import type { Account, Pairing } from '../../../shared/pairing.ts';
import { aPairing, CLOSED, NORTH, SOUTH, unpaired } from '../../widget/fixtures/pairings.fixture.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from './fake-bff.ts';
import { control, mount, nextTask, unmount, until, visibleText } from './page.ts';

export const START_URL = 'https://bff.example/v1/pairing/start/ticket-1';

interface FakePopup {
  closed: boolean;
  readonly location: { href: string };
  readonly document: { title: string; readonly body: { textContent: string } };
  close(): void;
}

/** A clinic whose connection the element shows; a test changes it as it likes. */
export interface PairClinic {
  bff: FakeBff;
  pairing: Pairing;
  /** What `window.open` gives; null: the browser blocks it. */
  popup: FakePopup | null;
  pair(): HTMLElement;
  /** The person came back from iTero and has to choose. */
  signedIn(accounts?: Account[]): void;
}

function newPopup(): FakePopup {
  return {
    closed: false,
    location: { href: '' },
    document: { title: '', body: { textContent: '' } },
    close() {
      this.closed = true;
    },
  };
}

/** Sets a clinic up before each test of this `describe`, and takes it away after it. */
export function usePairClinic(): PairClinic {
  const realOpen = window.open.bind(window);
  const clinic: Omit<PairClinic, 'bff'> & { bff?: FakeBff } = {
    pairing: aPairing(),
    popup: newPopup(),
    pair: () => mount(`<itero-pair session-url="${SESSION_URL}" lang="en-GB"></itero-pair>`),
    signedIn(accounts = [NORTH, SOUTH, CLOSED]) {
      clinic.pairing = unpaired({ state: 'signed_in', choosing: true });
      clinic.bff?.answer('GET', '/v1/pairing/accounts', { json: { accounts } });
    },
  };

  beforeEach(() => {
    const bff = installFakeBff();
    clinic.bff = bff;
    clinic.pairing = aPairing();
    clinic.popup = newPopup();
    window.open = () => clinic.popup as unknown as Window;
    bff.answer('GET', '/v1/pairing', () => ({ json: clinic.pairing }));
    bff.answer('POST', '/v1/pairing/authorizations', {
      json: { startUrl: START_URL, expiresAt: new Date(Date.now() + 600_000).toISOString() },
    });
    bff.answer('PUT', '/v1/pairing', ({ body }) => {
      const account = [NORTH, SOUTH].find((one) => one.id === (body as { accountId: string }).accountId);
      clinic.pairing = aPairing({ account: account ?? null });
      return { json: clinic.pairing };
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
    clinic.bff?.restore();
    window.open = realOpen;
  });

  return clinic as PairClinic;
}

export function shows(element: HTMLElement, text: string | RegExp): Promise<void> {
  return until(`it shows ${String(text)}`, () => {
    const seen = visibleText(element);
    return typeof text === 'string' ? seen.includes(text) : text.test(seen);
  });
}

export function press(element: HTMLElement, name: string | RegExp): void {
  control(element, name).click();
}

export function message(origin: string, data: unknown): boolean {
  return window.dispatchEvent(new MessageEvent('message', { origin, data }));
}
