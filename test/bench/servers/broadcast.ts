import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { answer, machineTime, peakGrowth, settledMemory } from './reply.ts';

/**
 * The same production of events for ours and the peer. `emit` resolves when the event is accepted: for ours after its
 * commit, for the peer at once.
 */
export function answerBroadcasts(emit: (text: string) => Promise<void>, open: () => number): void {
  /** So many producers; each sends its next event when the one before is accepted. */
  async function flood(count: number, size: number, producers: number): Promise<void> {
    const text = 'x'.repeat(size);
    let left = count;
    const produce = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await emit(text);
        // A producer hears of other things between two events.
        await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: producers }, produce));
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
