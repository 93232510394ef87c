import { createHash } from 'node:crypto';
import type { Clock, Log } from '../deps.ts';
import { LateWrites } from '../late-writes.ts';
import type { Store, Tx } from '../store/index.ts';
import type { Principal } from '../tenancy.ts';
import { toProblem } from '../../shared/problem.ts';
import { ProblemError } from './problem-error.ts';

/** rules.md "Scan requests" (ms). */
const KEEP_MS = 24 * 3_600_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

export interface StoredAnswer {
  readonly status: number;
  /** JSON text; null for an answer without a body. */
  readonly body: string | null;
}

interface Slot {
  readonly vendor: string;
  readonly tenant: string;
  readonly user_id: string;
  readonly route: string;
  readonly key: string;
}

export interface Idempotency {
  /**
   * Runs `work` unless its key has an answer already. Its answer is given even where the database does not take it: that is
   * stored later. On a `once` route a fault that does not say clearly that nothing was done keeps its key for ever, which
   * then answers `request_unconfirmed`.
   * @throws ProblemError `idempotency_mismatch` (another body under the key), `request_running`
   */
  run(
    call: { principal: Principal; route: string; key: string; body: string },
    work: () => Promise<StoredAnswer>,
    keep: (answer: StoredAnswer) => boolean,
  ): Promise<{ answer: StoredAnswer; replayed: boolean }>;
  /**
   * Runs that began until then (ms since the epoch) and that a crash cut off. For `once` routes the effect is unknown, so the key is told so for ever after;
   * elsewhere it is free again.
   */
  recover(routes: readonly string[], begunUntil: number): Promise<void>;
  prune(): Promise<void>;
  /** When nothing runs any more: answers that the database did not take get a last try. */
  stop(): Promise<void>;
}

export interface IdempotencyRules {
  /** Routes whose effect must not happen twice, whatever fails. */
  readonly onceRoutes?: readonly string[];
  /** Faults, beside problems, that say clearly what was not done. */
  readonly isClear?: (error: unknown) => boolean;
  readonly log?: Log;
}

/** Keys are scoped to vendor, tenant, user and route, so that nobody meets another's answer. */
export function createIdempotency(store: Store, clock: Clock, rules: IdempotencyRules = {}): Idempotency {
  const { onceRoutes = [], isClear = () => false, log } = rules;
  const late = new LateWrites({ clock, log });
  const within = (tx: Tx, slot: Slot) =>
    tx
      .selectFrom('idempotency')
      .select(['body_hash', 'status', 'response'])
      .where((eb) => eb.and({ ...slot }))
      .executeTakeFirst();

  /**
   * Ends the run that took the slot at `takenAt`; null frees it. Much later the key may be somebody else's, hence the time.
   * Never rejects: what the run came to is told to its caller, whether or not the database takes it now.
   */
  async function end(slot: Slot, takenAt: number, answer: StoredAnswer | null): Promise<void> {
    const mine = { ...slot, created_at: takenAt };
    const write = async (): Promise<void> => {
      await store.write(async (tx) => {
        if (answer === null) {
          await tx
            .deleteFrom('idempotency')
            .where((eb) => eb.and(mine))
            .execute();
          return;
        }
        // A recovery may have called it unknown meanwhile: this is what it was.
        await tx
          .updateTable('idempotency')
          .set({ status: answer.status, response: answer.body })
          .where((eb) => eb.and(mine))
          .execute();
      });
    };
    await write().catch((error: unknown) => {
      const { vendor, tenant, user_id, route, key } = slot;
      late.keep(JSON.stringify([vendor, tenant, user_id, route, key, takenAt]), write, { route }, error);
    });
  }

  /** Takes the slot, or gives the answer that stands in it. The key of the row decides who was first, over all instances. */
  async function claim(tx: Tx, slot: Slot, bodyHash: string, now: number): Promise<StoredAnswer | null> {
    await tx
      .deleteFrom('idempotency')
      .where((eb) => eb.and({ ...slot }))
      .where('created_at', '<=', now - KEEP_MS)
      .execute();
    const taken = await tx
      .insertInto('idempotency')
      .values({ ...slot, body_hash: bodyHash, status: null, response: null, created_at: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (taken.numInsertedOrUpdatedRows === 1n) return null;
    const found = await within(tx, slot);
    if (found !== undefined && found.body_hash !== bodyHash) throw new ProblemError('idempotency_mismatch');
    // Not found: the first one failed this very moment, and its key is free again.
    if (found === undefined || found.status === null)
      throw new ProblemError('request_running', { retryAfterSeconds: 1 });
    return { status: found.status, body: found.response };
  }

  return {
    async run({ principal, route, key, body }, work, keep) {
      if (!KEY.test(key)) {
        const errors = [{ path: 'Idempotency-Key', expected: 'expected 1 to 255 visible ASCII characters' }];
        throw new ProblemError('invalid_request', { errors });
      }
      const { vendor, tenant, userId } = principal;
      const slot: Slot = { vendor, tenant, user_id: userId, route, key };
      const bodyHash = createHash('sha256').update(body).digest('hex');
      const takenAt = clock.now();
      const stored = await store.write((tx) => claim(tx, slot, bodyHash, takenAt));
      if (stored !== null) return { answer: stored, replayed: true };
      let answer: StoredAnswer;
      try {
        answer = await work();
      } catch (error) {
        // ARCHITECTURE.md invariant 6: whether it was done is not known, so the same press must not do it again.
        const unknown = onceRoutes.includes(route) && !(error instanceof ProblemError) && !isClear(error);
        await end(slot, takenAt, unknown ? unconfirmed('req_without_outcome') : null);
        throw error;
      }
      await end(slot, takenAt, keep(answer) ? answer : null);
      return { answer, replayed: false };
    },

    async recover(routes, begunUntil) {
      const { status, body } = unconfirmed('req_before_restart');
      await store.write(async (tx) => {
        if (routes.length > 0) {
          await tx
            .updateTable('idempotency')
            .set({ status, response: body })
            .where('status', 'is', null)
            .where('created_at', '<=', begunUntil)
            .where('route', 'in', [...routes])
            .execute();
        }
        await tx.deleteFrom('idempotency').where('status', 'is', null).where('created_at', '<=', begunUntil).execute();
      });
    },

    async prune() {
      await store.write((tx) =>
        tx
          .deleteFrom('idempotency')
          .where('created_at', '<=', clock.now() - KEEP_MS)
          .where('status', 'is not', null)
          .execute(),
      );
    },

    stop: () => late.stop(),
  };
}

function unconfirmed(requestId: string): StoredAnswer {
  const problem = toProblem('request_unconfirmed', requestId);
  return { status: problem.status, body: JSON.stringify(problem) };
}
