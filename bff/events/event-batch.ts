import type { CommittedEvent } from './event-log.ts';
import { canSee, type Audience } from './visibility.ts';

/** Bits of one number. */
export const LARGEST_BATCH = 30;

/**
 * Events that go out together. Readers who may see the same of them share the same bytes, and each gets them by one write,
 * however many events there are.
 */
export class EventBatch {
  readonly first: number;
  readonly last: number;
  readonly #events: readonly CommittedEvent[];
  readonly #bytes = new Map<number, Buffer>();

  /** @param events of one tenant, in the order of their ids; at least one, `LARGEST_BATCH` at most */
  constructor(events: readonly CommittedEvent[]) {
    this.#events = events;
    this.first = events[0]?.id ?? NaN;
    this.last = events.at(-1)?.id ?? NaN;
  }

  /** What this audience gets of the events after `position`; null: nothing. */
  bytesFor(audience: Audience, position: number): Buffer | null {
    let seen = 0;
    // Runs for each reader: no iterator.
    for (let index = 0; index < this.#events.length; index += 1) {
      const event = this.#events[index];
      if (event !== undefined && event.id > position && canSee(audience, event)) seen |= 1 << index;
    }
    if (seen === 0) return null;
    const known = this.#bytes.get(seen);
    if (known !== undefined) return known;
    const frames = this.#events.filter((_, index) => (seen & (1 << index)) !== 0).map(({ frame }) => frame);
    const bytes = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
    this.#bytes.set(seen, bytes);
    return bytes;
  }
}

/** As few batches as can be. */
export function* toBatches(events: readonly CommittedEvent[]): Generator<EventBatch> {
  for (let from = 0; from < events.length; from += LARGEST_BATCH) {
    yield new EventBatch(events.slice(from, from + LARGEST_BATCH));
  }
}
