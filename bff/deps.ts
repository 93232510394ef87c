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
