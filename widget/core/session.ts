import { fail, ok, type Result } from '../../shared/result.ts';
import type { ComponentName, SessionClaims, SessionRequest } from '../../shared/session.ts';
import { onWake, pauseBefore } from './backoff.ts';
import { ABORTED, type Fault } from './fault.ts';
import { askSession, type Session, type SessionSource } from './session-source.ts';

type Reason = SessionRequest['reason'];

export interface SessionKeeper {
  /** The current token; waits while one is being asked for, unless that was only due and this one has not ended yet. */
  token(): Promise<Result<string, Fault>>;
  /** A new token. `instead` is the token that was refused: when it was replaced meanwhile, the new one is given. */
  renew(reason: Reason, instead?: string): Promise<Result<string, Fault>>;
  readonly claims: SessionClaims | undefined;
  close(): void;
}

export interface KeeperOptions {
  readonly source: SessionSource;
  readonly chartNumber: string | undefined;
  readonly components: () => readonly ComponentName[];
  /** Every session that was granted. */
  readonly granted: (claims: SessionClaims, reason: Reason) => void;
  /** The practice system refused, or cannot be reached (`retryable`: it is asked again by itself). */
  readonly refused: (fault: Fault) => void;
}

const SAFETY_MS = 30_000;

/**
 * When to renew (ms from now): at 80 % of its life, 30 s before its end at the latest, up to 5 % earlier by chance.
 * The token's own two times give its life, so that a wrong clock on this computer does not matter.
 */
export function renewalDelay(claims: SessionClaims, now: number, random: () => number = Math.random): number {
  const life = (claims.exp - claims.iat) * 1000;
  const left = claims.exp * 1000 - now;
  const span = left > 0 && left < life ? left : life;
  const at = Math.max(Math.min(span * 0.8, span - SAFETY_MS), span * 0.5);
  return at - random() * span * 0.05;
}

/** Holds one session and renews it before it ends. */
export function createSessionKeeper(options: KeeperOptions): SessionKeeper {
  const closing = new AbortController();
  let session: Session | undefined;
  let refusal: Fault | undefined;
  let running: Promise<Result<string, Fault>> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  let attempts = 0;
  /** What runs is a renewal in time. It may wait for a person to sign in, and calls need not wait with it. */
  let inTime = false;
  const lasting = (): boolean => session !== undefined && session.claims.exp * 1000 > Date.now();
  const stopWaking = onWake(() => {
    // Timers stand still while a computer sleeps.
    if (session && Date.now() >= due) void renew('renew', undefined, true);
    else if (!session && refusal?.retryable) void renew('start');
  });

  function schedule(reason: Reason, delay: number): void {
    clearTimeout(timer);
    due = Date.now() + delay;
    timer = setTimeout(() => void renew(reason, undefined, true), delay);
  }

  async function ask(reason: Reason): Promise<Result<string, Fault>> {
    clearTimeout(timer);
    const { chartNumber, source } = options;
    const request = {
      ...(chartNumber !== undefined && { chartNumber }),
      components: [...options.components()],
      reason,
    };
    const answer = await askSession(source, request, closing.signal);
    running = undefined;
    if (closing.signal.aborted) return fail(ABORTED);
    if (answer.ok) {
      session = answer.value;
      refusal = undefined;
      attempts = 0;
      if (source.kind === 'token') schedule('expired', Math.max(0, session.claims.exp * 1000 - Date.now()));
      else schedule('renew', renewalDelay(session.claims, Date.now()));
      options.granted(session.claims, reason);
      return ok(session.token);
    }
    if (answer.error.code === 'offline') {
      schedule(reason, pauseBefore(attempts++));
      // A session that has not ended yet goes on; only its renewal waits.
      if (session && reason === 'renew' && lasting()) return ok(session.token);
      refusal = { ...answer.error, retryable: true };
    } else {
      session = undefined;
      refusal = answer.error;
    }
    options.refused(refusal);
    return fail(refusal);
  }

  function renew(reason: Reason, instead?: string, byItself = false): Promise<Result<string, Fault>> {
    if (closing.signal.aborted) return Promise.resolve(fail(ABORTED));
    if (running) return running;
    if (instead !== undefined && session && session.token !== instead) return Promise.resolve(ok(session.token));
    inTime = byItself;
    running = ask(reason);
    return running;
  }

  return {
    token() {
      if (running && !(inTime && lasting())) return running;
      if (session) return Promise.resolve(ok(session.token));
      if (refusal) return Promise.resolve(fail(refusal));
      return renew('start');
    },
    renew,
    get claims() {
      return session?.claims;
    },
    close() {
      closing.abort();
      clearTimeout(timer);
      stopWaking();
    },
  };
}
