import type { LearntBy } from '../shared/scan.ts';

/** Ports to the world. Concrete ones are built in `main` alone; tests hand in their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once after `ms`; returns its cancel. */
  after(ms: number, task: () => void): () => void;
  /** Resolves after `ms`, rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(size: number): Uint8Array;
  /** 0 ≤ n < 1, for jitter only. */
  fraction(): number;
}

/** Runs whatever waits for more than timers, so that a test can tell when nothing does any more. */
export interface Activity {
  /** `work` runs as a part of what runs around it. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** Production counts nothing. */
export const uncounted: Activity = { run: (work) => work() };

/** Structured log. Fields are redacted by the concrete logger; patient data and secrets must not be handed in at all. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}
export type LogFields = Readonly<Record<string, unknown>>;

export type Fetch = typeof globalThis.fetch;

/** Counts what flows, for the operator's metrics. Words and times only: never a vendor, tenant, person or object. */
export interface FlowMeter {
  /** A version became visible. @param lateness ms since it could be known */
  version(learntBy: LearntBy, lateness: number): void;
  /** A round of an account ended. */
  poll(outcome: PollOutcome): void;
  /** A look for a missing file ended. */
  recheck(outcome: RecheckOutcome): void;
}
/** `complete` listed to its end; `moved` listed, to be listed again; `limited` upstream asked for a pause; `failed` any other fault. */
export const POLL_OUTCOMES = ['complete', 'moved', 'limited', 'failed'] as const;
export type PollOutcome = (typeof POLL_OUTCOMES)[number];
/** `found` something new; `missing` still; `failed` no look was possible. */
export const RECHECK_OUTCOMES = ['found', 'missing', 'failed'] as const;
export type RecheckOutcome = (typeof RECHECK_OUTCOMES)[number];

/** A figure for the operator that is read when somebody looks; with a label, one for each of its few words. */
export interface Figure {
  /** Prometheus name, `itero_…`. */
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** Of the same words each time. */
  read(): Promise<number | Readonly<Record<string, number>>>;
}
