import type { Log, LogFields } from '../deps.ts';

/** A child log for one request, without the price of making one: most requests write a single line. */
export class RequestLog implements Log {
  readonly #log: Log;
  readonly #requestId: string;

  constructor(log: Log, requestId: string) {
    this.#log = log;
    this.#requestId = requestId;
  }

  debug(fields: LogFields, message: string): void {
    this.#log.debug(this.#with(fields), message);
  }

  info(fields: LogFields, message: string): void {
    this.#log.info(this.#with(fields), message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log.warn(this.#with(fields), message);
  }

  error(fields: LogFields, message: string): void {
    this.#log.error(this.#with(fields), message);
  }

  child(fields: LogFields): Log {
    return this.#log.child(this.#with(fields));
  }

  #with(fields: LogFields): LogFields {
    return { requestId: this.#requestId, ...fields };
  }
}
