import { CompiledQuery } from 'kysely';
import type { Clock } from '../deps.ts';
import type { Connections } from '../pairing/connections.ts';
import { gather } from '../store/gather.ts';
import type { Store, Tx } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** Stores hints so that a burst costs one statement and one commit. */
export interface HintInbox {
  /** Resolves when the hint is on disk; rejects when it is not. */
  put(connection: ConnectionRow, rxId: string): Promise<void>;
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

/** The time of a connection's last notification is noted once in so long (ms). */
const NOTE_MS = 1000;
const ROWS_PER_STATEMENT = 200;
const MAX_NOTED = 10_000;

export function createHintInbox(parts: {
  store: Store;
  connections: Pick<Connections, 'noteNotification'>;
  clock: Clock;
}): HintInbox {
  const { store, connections, clock } = parts;
  const notedAt = new Map<string, number>();
  /** Takes hints until its turn to write comes. */
  let open: Batch | null = null;
  let lastSize = 0;

  function openBatch(): Batch {
    const hints: Waiting[] = [];
    const close = (): void => {
      if (open?.hints === hints) open = null;
    };
    const stored = gather(() => hints.length, lastSize, ROWS_PER_STATEMENT).then(() =>
      store.write((tx) => {
        close();
        lastSize = hints.length;
        return storeAll(tx, hints);
      }),
    );
    // Also when it was refused before its turn came: the next hint begins anew.
    return { hints, stored: stored.finally(close) };
  }

  async function storeAll(tx: Tx, hints: readonly Waiting[]): Promise<void> {
    for (let at = 0; at < hints.length; at += ROWS_PER_STATEMENT) {
      await insert(tx, hints.slice(at, at + ROWS_PER_STATEMENT).map(toRow));
    }
    const now = clock.now();
    for (const { connection } of hints) {
      if (now - (notedAt.get(connection.id) ?? -Infinity) < NOTE_MS) continue;
      await connections.noteNotification(tx, connection.id);
      if (notedAt.size >= MAX_NOTED) notedAt.clear();
      notedAt.set(connection.id, now);
    }
  }

  return {
    put(connection, rxId) {
      open ??= openBatch();
      open.hints.push({ connection, rxId, receivedAt: clock.now() });
      return open.stored;
    },
  };
}

/** SQL for each number of rows: building it anew for every burst costs more than running it. */
const statements = new Map<number, string>();

async function insert(tx: Tx, rows: readonly HintRow[]): Promise<void> {
  const sql = statements.get(rows.length) ?? tx.insertInto('hints').values(rows).compile().sql;
  statements.set(rows.length, sql);
  // `toRow` makes every row alike, so the values stand in the order of the columns of the first.
  const parameters = rows.flatMap((row) => Object.values<string | number | null>(row));
  await tx.executeQuery(CompiledQuery.raw(sql, parameters));
}

type HintRow = ReturnType<typeof toRow>;

function toRow({ connection, rxId, receivedAt }: Waiting) {
  return {
    vendor: connection.vendor,
    tenant: connection.tenant,
    environment: connection.environment,
    connection_id: connection.id,
    rx_id: rxId,
    received_at: receivedAt,
    state: 'waiting' as const,
    attempts: 0,
    next_at: receivedAt,
    outcome: null,
  };
}
