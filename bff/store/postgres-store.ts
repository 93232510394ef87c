import { Kysely, PostgresDialect, sql } from 'kysely';
import { createSystemClock, createSystemRandom } from '../clock.ts';
import { migrate } from './migrate.ts';
import { placeOf, requireReadable, toStoreError } from './postgres-errors.ts';
import { PostgresLocks } from './postgres-locks.ts';
import { createPool } from './postgres-pool.ts';
import { PostgresWake } from './postgres-wake.ts';
import { PostgresWriter } from './postgres-writes.ts';
import type { Schema } from './schema.ts';
import { StoreError, type OpenStore, type Store } from './store.ts';

/** Connections of one instance at most: these, one for wake-ups and four for locks. Four instances fit into PostgreSQL's default of 100. */
const READERS = 8;
const WRITERS = 8;
/** Always left for writes that name no tenant, notifications above all, whatever the clinics' turns wait for. */
const SPARED = 2;

/** The oldest release that is tested (and that its makers still support). */
const OLDEST_VERSION = 150_000;

/**
 * Opens a PostgreSQL database that several instances share. Readers and writers have connections of their own: a work that also
 * reads outside of its transaction must not wait for a connection that works hold.
 */
export async function openPostgres(options: OpenStore): Promise<Store> {
  const { url, log } = options;
  requireReadable(url);
  // Connections live in real time, whatever clock the rest goes by.
  const clock = createSystemClock();
  const random = createSystemRandom();
  await bringUpToDate(options);

  const onLost = (error: Error): void => {
    // The error itself holds the whole connection.
    log.warn({ reason: error.message, place: placeOf(url) }, 'a connection to the database was lost');
  };
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: createPool({ url, max: READERS, reading: true, onLost }) }),
  });
  const writing = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: createPool({ url, max: WRITERS, onLost }) }),
  });
  const wake = new PostgresWake({ url, clock, random, log });
  const writer = new PostgresWriter({
    db: writing,
    turnsAtOnce: WRITERS - SPARED,
    clock,
    random,
    onHookError: (error) => log.error({ error }, 'a task after commit failed'),
  });
  const locks = new PostgresLocks(url);
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await writer.close();
    await wake.close();
    await locks.close();
    await writing.destroy();
    await db.destroy();
  };
  const close = (): Promise<void> => (closing ??= closeAll());
  try {
    await wake.open();
  } catch (cause) {
    await close();
    throw toStoreError(url, cause);
  }
  const { databaseNow } = options;
  return {
    db,
    write: (work, tenant) => writer.write(work, tenant),
    alone: (names, work) => locks.alone(names, work),
    afterCommit: (tx, task) => writer.afterCommit(tx, task),
    shared: true,
    now: databaseNow === undefined ? () => readClock(db) : () => Promise.resolve(databaseNow()),
    wake: (topic) => wake.wake(topic),
    onWake: (listener) => wake.onWake(listener),
    close,
  };
}

async function readClock(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ now: number }>`
    select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(db);
  const now = rows[0]?.now;
  if (now === undefined) throw new StoreError('the database does not tell the time');
  return now;
}

/** On a connection of its own: a migration may take longer than a statement of ours otherwise may. */
async function bringUpToDate({ url, log }: OpenStore): Promise<void> {
  const pool = createPool({ url, max: 1, patient: true, onLost: () => undefined });
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  try {
    await checkServer(db, url);
    await migrate(db, log);
  } catch (cause) {
    throw toStoreError(url, cause);
  } finally {
    await db.destroy();
  }
}

async function checkServer(db: Kysely<Schema>, url: string): Promise<void> {
  const { rows } = await sql<{ version: number; name: string; fsync: string; standby: string; encoding: string }>`
    select current_setting('server_version_num')::bigint as version, current_setting('server_version') as name,
      current_setting('fsync') as fsync, pg_is_in_recovery()::text as standby,
      current_setting('server_encoding') as encoding`.execute(db);
  const server = rows[0];
  if (server === undefined) throw new StoreError('store: PostgreSQL does not say what it is');
  const refuse = (reason: string): never => {
    throw new StoreError(`store: PostgreSQL at ${placeOf(url)}: ${reason}`);
  };
  if (server.version < OLDEST_VERSION) refuse(`release ${server.name} is too old; 15 or newer is needed`);
  if (server.encoding !== 'UTF8') refuse(`the database must be in UTF8, it is in ${server.encoding}`);
  if (server.standby === 'true') refuse('this server is a read-only standby; name the primary');
  // A notification that was acknowledged must be on disk: without fsync nobody can promise that.
  if (server.fsync !== 'on') refuse('fsync is off there: what is acknowledged could be lost. Turn it on');
}
