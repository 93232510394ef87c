import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { answer, machineTime, peakGrowth, settledMemory } from './reply.ts';

/**
 * The same production of events for ours and the peer. `emit` resolves when the event is accepted: for ours after its
 * commit, for the peer at once.
 */
export function answerBroadcasts(emit: (text: string) => Promise<void>, open: () => number): void {
  /** In waves, one event of each producer; the next wave when all of this one are accepted. */
  async function flood(count: number, size: number, producers: number): Promise<void> {
    const text = 'x'.repeat(size);
    for (let sent = 0; sent < count; sent += producers) {
      const wave = Math.min(producers, count - sent);
      await Promise.all(Array.from({ length: wave }, () => emit(text)));
      // The sockets get their turn.
      await nextTurn();
    }
  }

  answer({
    open,
    memory: settledMemory,
    collect: () => globalThis.gc?.(),
    async flood({ count, size, producers }) {
      await flood(Number(count), Number(size), Number(producers));
    },
    /** Resolves with when each was sent, on the machine's clock (ms). */
    async paced({ count, size, everyMs }) {
      const text = 'x'.repeat(Number(size));
      const sent: number[] = [];
      for (let index = 0; index < Number(count); index += 1) {
        sent.push(machineTime());
        await emit(text);
        await pause(Number(everyMs));
      }
      return sent;
    },
    /** Resolves with the growth of resident memory at its peak (bytes). */
    peak: ({ count, size, producers }) =>
      peakGrowth(async () => {
        await flood(Number(count), Number(size), Number(producers));
        await pause(500);
      }),
  });
}
