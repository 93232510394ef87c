/** The servers' side of `child.ts`. */
export function ready(port: number, facts: Record<string, string> = {}): void {
  process.send?.({ ready: port, facts });
}

/** Answers each message with a number. A handler that throws ends the process: a benchmark must not go on half-broken. */
export function answer(handlers: Record<string, (message: Record<string, unknown>) => number | Promise<number>>): void {
  process.on('message', (message: Record<string, unknown>) => {
    const handler = handlers[String(message['do'])];
    if (handler === undefined) throw new Error(`Unknown task ${String(message['do'])}.`);
    void Promise.resolve(handler(message)).then((done) => process.send?.({ done }));
  });
}

/** Resident memory in bytes after a full collection. */
export function residentBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
