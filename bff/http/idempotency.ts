import { createHash } from 'node:crypto';
import type { Clock } from '../deps.ts';
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
   * Runs `work` unless its key has an answer already.
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
  recover(onceRoutes: readonly string[], begunUntil: number): Promise<void>;
  prune(): Promise<void>;
}

/** Keys are scoped to vendor, tenant, user and route, so that nobody meets another's answer. */
export function createIdempotency(store: Store, clock: Clock): Idempotency {
  const within = (tx: Tx, slot: Slot) =>
    tx
      .selectFrom('idempotency')
      .select(['body_hash', 'status', 'response'])
      .where((eb) => eb.and({ ...slot }))
      .executeTakeFirst();
  const remove = (tx: Tx, slot: Slot) =>
    tx
      .deleteFrom('idempotency')
      .where((eb) => eb.and({ ...slot }))
      .execute();

  /** Takes the slot, or gives the answer that stands in it. The key of the row decides who was first, over all instances. */
  async function claim(tx: Tx, slot: Slot, bodyHash: string): Promise<StoredAnswer | null> {
    const now = clock.now();
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
      const stored = await store.write((tx) => claim(tx, slot, bodyHash));
      if (stored !== null) return { answer: stored, replayed: true };
      let answer: StoredAnswer;
      try {
        answer = await work();
      } catch (error) {
        await store.write((tx) => remove(tx, slot));
        throw error;
      }
      await store.write(async (tx) => {
        if (!keep(answer)) return remove(tx, slot);
        return tx
          .updateTable('idempotency')
          .set({ status: answer.status, response: answer.body })
          .where((eb) => eb.and({ ...slot }))
          .execute();
      });
      return { answer, replayed: false };
    },

    async recover(onceRoutes, begunUntil) {
      const unknown = JSON.stringify(toProblem('request_unconfirmed', 'req_before_restart'));
      await store.write(async (tx) => {
        if (onceRoutes.length > 0) {
          await tx
            .updateTable('idempotency')
            .set({ status: 409, response: unknown })
            .where('status', 'is', null)
            .where('created_at', '<=', begunUntil)
            .where('route', 'in', [...onceRoutes])
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
  };
}
