/** The servers' side of `child.ts`. */
export function ready(port: number, facts: Record<string, string> = {}): void {
  process.send?.({ ready: port, facts });
}

type Handler = (message: Record<string, unknown>) => unknown;

const handlers: Record<string, Handler> = { stop: () => process.exit(0) };

/** Answers each message. A handler that throws ends the process: a benchmark must not go on half-broken. */
export function answer(more: Record<string, Handler>): void {
  Object.assign(handlers, more);
}

process.on('message', (message: Record<string, unknown>) => {
  const handler = handlers[String(message['do'])];
  if (handler === undefined) throw new Error(`Unknown task ${String(message['do'])}.`);
  void Promise.resolve(handler(message)).then((done) => process.send?.({ done }));
});
// The benchmark was broken off.
process.on('disconnect', () => process.exit(0));

export interface Memory {
  /** Resident bytes, as the operating system counts them. */
  readonly resident: number;
  /** Bytes that V8 and Node's buffers hold. */
  readonly heap: number;
}

/** After full collections, and after V8 has given back what it freed. */
export async function settledMemory(): Promise<Memory> {
  for (let turn = 0; turn < 4; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss, heap: heapUsed + external };
}

/** The highest resident memory while `work` runs, above that before it. @param everyMs between two looks */
export async function peakGrowth(work: () => Promise<void>, everyMs = 20): Promise<number> {
  const { resident: before } = await settledMemory();
  let peak = before;
  const look = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(look, everyMs);
  await work();
  look();
  clearInterval(timer);
  return peak - before;
}

/** Milliseconds on the clock that all processes of this machine share. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
