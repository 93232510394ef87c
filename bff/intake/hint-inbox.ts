import { CompiledQuery, sql } from 'kysely';
import type { Clock, Log } from '../deps.ts';
import { ProblemError } from '../http/problem-error.ts';
import { gather } from '../store/gather.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** Stores hints so that a burst costs one statement and one commit. */
export interface HintInbox {
  /**
   * Resolves when the hint is on disk.
   * @throws ProblemError `internal` when it is not: nothing of it is stored
   */
  put(connection: ConnectionRow, rxId: string): Promise<void>;
  /** Notifications that could not be stored since the start: each is lost unless a poll finds its case. */
  readonly failures: number;
  /** One did not even get here: whose it is could not be read. */
  noteRefused(error: unknown): void;
}

interface Waiting {
  readonly connection: ConnectionRow;
  readonly rxId: string;
  readonly receivedAt: number;
}

interface Batch {
  readonly hints: Waiting[];
  readonly stored: Promise<void>;
}

const ROWS_PER_STATEMENT = 200;

export function createHintInbox(parts: {
  store: Store;
  clock: Clock;
  log: Log;
  /** Told after each commit that stored hints. @param connections ids of those that were told of */
  onStored: (connections: ReadonlySet<string>) => void;
}): HintInbox {
  const { store, clock, log } = parts;
  /** SQL for each number of rows: building it anew for every burst costs more than running it. */
  const statements = new Map<number, string>();
  /** Takes hints until its turn to write comes. */
  let open: Batch | null = null;
  let lastSize = 0;
  let failures = 0;

  function openBatch(): Batch {
    const hints: Waiting[] = [];
    const close = (): void => {
      if (open?.hints === hints) open = null;
    };
    const write = async (): Promise<void> => {
      await gather(() => hints.length, lastSize, ROWS_PER_STATEMENT);
      try {
        await store.write((tx) => {
          close();
          lastSize = hints.length;
          return storeAll(tx, hints);
        });
      } catch (error) {
        failures += hints.length;
        // One line for the burst: the sender never repeats it (align-api §8), so that somebody has to look at the disk.
        log.error({ error, notifications: hints.length }, 'notifications could not be stored and were refused');
        throw new ProblemError('internal');
      } finally {
        // Also when it was refused before its turn came: the next hint begins anew.
        close();
      }
      log.info({ notifications: hints.length }, 'notifications stored');
      parts.onStored(new Set(hints.map(({ connection }) => connection.id)));
    };
    return { hints, stored: write() };
  }

  async function storeAll(tx: Tx, hints: readonly Waiting[]): Promise<void> {
    for (let at = 0; at < hints.length; at += ROWS_PER_STATEMENT) {
      await insert(tx, hints.slice(at, at + ROWS_PER_STATEMENT));
    }
  }

  async function insert(tx: Tx, hints: readonly Waiting[]): Promise<void> {
    const rows = hints.map(toRow);
    const text = statements.get(rows.length) ?? tx.insertInto('hints').values(rows).compile().sql;
    statements.set(rows.length, text);
    const parameters: (string | number)[] = [];
    // Every row is alike: its values stand in the order of its columns, but for those that are written out.
    for (const row of rows) {
      for (const value of Object.values(row)) if (typeof value !== 'object') parameters.push(value);
    }
    await tx.executeQuery(CompiledQuery.raw(text, parameters));
  }

  return {
    get failures() {
      return failures;
    },
    noteRefused(error) {
      failures += 1;
      log.error({ error, notifications: 1 }, 'a notification was refused: the database could not be asked whose it is');
    },
    put(connection, rxId) {
      open ??= openBatch();
      open.hints.push({ connection, rxId, receivedAt: clock.now() });
      return open.stored;
    },
  };
}

/** Written out in the statement: each value that is bound costs. */
const WAITING = { state: sql.lit('waiting' as const), attempts: sql.lit(0), outcome: sql.lit(null) };

function toRow({ connection, rxId, receivedAt }: Waiting) {
  return {
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    connection_id: connection.id,
    rx_id: rxId,
    received_at: receivedAt,
    // At once, whatever the clocks of the instances say: what is due is judged by the database's.
    next_at: 0,
    ...WAITING,
  };
}
