import * as v from 'valibot';
import { streamEventSchema } from '../../shared/stream-event.ts';
import { fitting } from './answer.ts';
import type { Fault } from './fault.ts';

/** What tabs of one group tell each other: ids and states, never names or chart numbers. */
const schemas = [
  /** From the leader. `after`: the id it had read before, `''` when it knew none. */
  v.object({ kind: v.literal('event'), after: v.string(), event: streamEventSchema }),
  /** From the leader: everything up to this id has been told. */
  v.object({ kind: v.literal('reached'), after: v.string(), id: v.string() }),
  /** From the leader: what was missed cannot be told event by event. */
  v.object({ kind: v.literal('reset') }),
  /** From the leader: it has the lock and connects. */
  v.object({ kind: v.literal('opening') }),
  /** From the leader: the connection stands and was read up to this id. */
  v.object({ kind: v.literal('up'), read: v.string() }),
  /** From the leader: try number `tries` failed; the next one in `wait` ms at the latest. `refused`: no right to any event. */
  v.object({ kind: v.literal('down'), tries: v.number(), wait: v.number(), refused: v.boolean() }),
  /** Is there a leader? `now`: it may end its pause. */
  v.object({ kind: v.literal('ask'), now: v.boolean() }),
  /** To the leader: something after this id did not arrive here. */
  v.object({ kind: v.literal('behind'), position: v.string() }),
] as const;
export type TabMessage = v.InferOutput<(typeof schemas)[number]>;

/** Undefined for what no tab of ours would say. (valibot's `variant` would weigh in the part that is loaded at once.) */
export function readMessage(data: unknown): TabMessage | undefined {
  for (const schema of schemas) {
    const message = fitting(schema, data);
    if (message) return message;
  }
  return undefined;
}

/** Equal rights are refused alike, so followers need no more of a refusal than that it was one. */
export const REFUSED: Fault = { code: 'forbidden', displayMessage: '', retryable: false, status: 403 };
