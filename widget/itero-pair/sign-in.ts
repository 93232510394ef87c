import { signInMessageSchema } from '../../shared/pairing.ts';
import { fitting } from '../core/answer.ts';
import { msg } from '../core/localize.ts';

/** How often the pairing is asked for while the pop-up is open (ms): its message may be cut off by COOP. */
const ASK_EVERY_MS = 2_000;
/** COOP also makes an open window look closed: then it is asked for at every fifth turn only. */
const SLOWER = 5;

/** Opens the pop-up. Has to be called inside the click, before anything is awaited, else browsers block it. */
export function openSignInWindow(): Window | null {
  const popup = window.open('', 'itero-sign-in', 'popup,width=540,height=760');
  if (popup) {
    try {
      popup.document.title = 'iTero';
      popup.document.body.textContent = msg('Opening the iTero sign-in…');
    } catch {
      // A window of that name is still at iTero from an earlier try: it is sent to the new address all the same.
    }
  }
  return popup;
}

/** An address the BFF gave is opened only when it is a web page. */
export function toWebAddress(address: string): URL | undefined {
  const url = URL.parse(address);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url : undefined;
}

export interface SignInWatch {
  stop(): void;
}

/**
 * `told` by the callback page that it succeeded; `closed` is the window, `back` the person where there is none to look at;
 * else it goes on, as far as one can see, and the pairing tells the rest.
 */
export type SignInSight = 'told' | 'closed' | 'back' | 'open';

export interface SignInWatchOptions {
  /** Absent when the person opens the sign-in by a link. */
  readonly popup: Window | undefined;
  /** Where the page that ends the sign-in comes from: messages of others are not heard. */
  readonly origin: string;
  /** When the sign-in can no longer be finished (ms since 1970). */
  readonly until: number;
  /** Something may have happened: look at the pairing. */
  readonly look: (sight: SignInSight) => void;
  readonly over: () => void;
}

/** Watches for the end of a sign-in: by the callback page's message, by asking now and then, and at every return. */
export function watchSignIn({ popup, origin, until, look, over }: SignInWatchOptions): SignInWatch {
  let turns = 0;
  const told = (event: MessageEvent<unknown>): void => {
    const message = event.origin === origin && fitting(signInMessageSchema, event.data);
    if (message) look(message.outcome === 'signed_in' ? 'told' : 'open');
  };
  const turn = (): void => look(popup?.closed ? 'closed' : 'open');
  const returned = (): void => (popup ? turn() : look('back'));
  const timer = setInterval(() => {
    turns++;
    if (Date.now() > until) {
      stop();
      over();
    } else if (!popup?.closed || turns % SLOWER === 0) turn();
  }, ASK_EVERY_MS);
  window.addEventListener('message', told);
  window.addEventListener('focus', returned);
  function stop(): void {
    clearInterval(timer);
    window.removeEventListener('message', told);
    window.removeEventListener('focus', returned);
  }
  return { stop };
}
