import type { ProblemCode } from '../../shared/problem.ts';
import { AlignFault } from '../align/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import { toProblemCode } from '../pairing/to-problem-error.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** What the pairing element shows as "background checks fail because …" (`health.problem`). */
export interface BackgroundHealth {
  note(connection: ConnectionRow, problem: ProblemCode | null): Promise<void>;
}

export function createBackgroundHealth(store: Store): BackgroundHealth {
  return {
    async note(connection, problem) {
      const row = await store.db
        .selectFrom('connections')
        .select('problem')
        .where('id', '=', connection.id)
        .executeTakeFirst();
      if (row === undefined || row.problem === problem) return;
      await store.write((tx) =>
        tx.updateTable('connections').set({ problem }).where('id', '=', connection.id).execute(),
      );
    },
  };
}

/** The code of an expected fault of a background call; null for one that is a fault of ours. */
export function toBackgroundProblem(error: unknown): ProblemCode | null {
  if (error instanceof AlignFault) return toProblemCode(error);
  return error instanceof ProblemError ? error.code : null;
}

/** How long upstream asked to wait (ms); null when it did not. */
export function retryAfterOf(error: unknown): number | null {
  return error instanceof AlignFault ? (error.retryAfterMs ?? null) : null;
}
