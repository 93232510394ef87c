import { fail, type Result } from '../../shared/result.ts';
import { headers as names } from '../../shared/routes.ts';
import type { SessionRequest } from '../../shared/session.ts';
import { ABORTED, clientFault, toFault, type Fault } from './fault.ts';

/** What the transport needs of a session. */
export interface TokenSource {
  token(): Promise<Result<string, Fault>>;
  renew(reason: SessionRequest['reason'], instead?: string): Promise<Result<string, Fault>>;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Present for writes: the same key for the same intent, also when the call is repeated. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Transport {
  /** Sends with the session's token; `read` runs within the same time limit. Never throws for expected faults. */
  send<T>(call: Call, read: (response: Response) => Promise<Result<T, Fault>>): Promise<Result<T, Fault>>;
}

const TIMEOUT_MS = 15_000;

/** A new `Idempotency-Key`. `crypto.randomUUID` exists in secure contexts only, and some clinics use http inside. */
export function newKey(): string {
  return typeof crypto.randomUUID === 'function'
    ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function createTransport(base: string, session: TokenSource): Transport {
  async function once<T>(
    call: Call,
    token: string,
    read: (response: Response) => Promise<Result<T, Fault>>,
  ): Promise<Result<T, Fault>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(new URL(call.path, base), {
        method: call.method,
        headers: {
          Authorization: `Bearer ${token}`,
          Accept: 'application/json',
          ...(call.body !== undefined && { 'Content-Type': 'application/json' }),
          ...(call.idempotencyKey !== undefined && { [names.idempotencyKey]: call.idempotencyKey }),
          ...call.headers,
        },
        ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
        mode: 'cors',
        credentials: 'omit',
        cache: 'no-store',
        // The page's address may name a patient.
        referrerPolicy: 'no-referrer',
        signal: call.signal ? AbortSignal.any([call.signal, late.signal]) : late.signal,
      });
      const result = response.ok ? await read(response) : fail(toFault(response.status, await response.text()));
      return call.signal?.aborted ? fail(ABORTED) : result;
    } catch {
      return fail(call.signal?.aborted ? ABORTED : clientFault('offline'));
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async send(call, read) {
      let token = await session.token();
      for (let renewed = false; ; renewed = true) {
        if (call.signal?.aborted) return fail(ABORTED);
        if (!token.ok) return token;
        const answer = await once(call, token.value, read);
        const reason = answer.ok ? undefined : renewalReason(answer.error);
        if (reason === undefined || renewed) return answer;
        token = await session.renew(reason, token.value);
        // What a person decided while looking at one environment is never written to another one.
        if (reason === 'environment-changed' && call.idempotencyKey !== undefined) return answer;
      }
    },
  };
}

function renewalReason(fault: Fault): SessionRequest['reason'] | undefined {
  if (fault.status === 401) return 'expired';
  return fault.code === 'environment_changed' ? 'environment-changed' : undefined;
}
