import type { ProblemCode } from '../../shared/problem.ts';
import { AlignFault } from '../align/index.ts';
import type { LogFields } from '../deps.ts';
import { ProblemError } from '../http/problem-error.ts';
import { toProblemCode } from '../pairing/to-problem-error.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** What the pairing element shows as "background checks fail because …" (`health.problem`). */
export interface BackgroundHealth {
  /** @param problem null after a whole round: everything works */
  note(connection: ConnectionRow, problem: ProblemCode | null): Promise<void>;
  /** One look was answered: upstream is there again. What else a round met stays until a round disproves it. */
  noteAnswer(connection: ConnectionRow): Promise<void>;
  /** Upstream is down for all: the clinics of this environment that have no other problem are not even asked for. */
  noteDown(environment: string): Promise<void>;
}

const PASSING: readonly (string | null)[] = ['upstream_unavailable', 'upstream_timeout', 'rate_limited'];

/** It ends by itself, and says nothing about the clinic. */
export function isPassing(problem: ProblemCode): boolean {
  return PASSING.includes(problem);
}

export function createBackgroundHealth(store: Store): BackgroundHealth {
  const problemOf = async (connection: ConnectionRow): Promise<string | null | undefined> => {
    const row = await store.db
      .selectFrom('connections')
      .select('problem')
      .where('id', '=', connection.id)
      .executeTakeFirst();
    return row?.problem;
  };
  async function note(connection: ConnectionRow, problem: ProblemCode | null): Promise<void> {
    const before = await problemOf(connection);
    if (before === undefined || before === problem) return;
    await store.write((tx) =>
      tx
        .updateTable('connections')
        .set({ problem })
        .where('id', '=', connection.id)
        // What ended meanwhile says by itself why; a late answer must not overwrite it.
        .where('state', '=', 'paired')
        .execute(),
    );
  }
  return {
    note,
    async noteAnswer(connection) {
      if (PASSING.includes((await problemOf(connection)) ?? null)) await note(connection, null);
    },
    async noteDown(environment) {
      await store.write((tx) =>
        tx
          .updateTable('connections')
          .set({ problem: 'upstream_unavailable' })
          .where('environment', '=', environment)
          .where('state', '=', 'paired')
          .where('problem', 'is', null)
          .execute(),
      );
    },
  };
}

/** What the log says of it: the setting or the host that is wrong is a name of ours, never of a patient. */
export function faultFields(connection: ConnectionRow, problem: ProblemCode, error: unknown): LogFields {
  const property = problem === 'service_misconfigured' && error instanceof AlignFault ? error.property : undefined;
  return { connection: connection.id, problem, ...(property !== undefined && { property }) };
}

/** The code of an expected fault of a background call; null for one that is a fault of ours. */
export function toBackgroundProblem(error: unknown): ProblemCode | null {
  if (error instanceof AlignFault) return toProblemCode(error);
  return error instanceof ProblemError ? error.code : null;
}

const LASTING: ReadonlySet<AlignFault['kind']> = new Set([
  // With a token that was just renewed: asking again would only renew it again.
  'unauthorized',
  'not_found',
  'invalid_request',
  'wrong_shape',
  'conflict',
  'user_not_allowed',
  'host_refused',
]);

/** It will not be another answer by itself: the clinic's login, our configuration or upstream's data must change first. */
export function isLasting(error: unknown): boolean {
  return error instanceof AlignFault && LASTING.has(error.kind);
}

/** How long upstream asked to wait (ms); null when it did not. */
export function retryAfterOf(error: unknown): number | null {
  return error instanceof AlignFault ? (error.retryAfterMs ?? null) : null;
}
