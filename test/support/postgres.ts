/**
 * A real PostgreSQL for tests, without Docker: the machine's own programs or the ones from npm, on a free port of 127.0.0.1, its
 * data in a temporary folder, fsync on. It ends with the process that started it, however that one ends.
 *
 * `openDatabase()` gives a test an empty database: on the one server of this vitest run where there is one (project `postgres`,
 * see postgres-setup.ts), else on a server of this process's own that is started at first use.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { findPostgresBinaries, findServerUser, reachable, type ServerUser } from './postgres-binaries.ts';

/** Set by the run's global setup: `postgres://user:password@host:port/` of the server that everybody shares. */
export const SHARED_SERVER = 'ITERO_TEST_POSTGRES';

const USER = 'itero';
const PASSWORD = 'only-for-tests';

export interface PostgresServer {
  /** Of one database on this server. */
  url(database: string): string;
  readonly port: number;
  readonly dataDirectory: string;
  /** An empty database of its own. */
  createDatabase(): Promise<TestDatabase>;
  /** Ends every process of the server at once, without a checkpoint: as a power cut that the disk survives. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port, e.g. after `kill`. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  /** Runs one statement as the database's owner. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Cuts every connection to it and removes it. */
  drop(): Promise<void>;
}

export interface PostgresOptions {
  /** Beside the ones below, e.g. `['max_connections=20']`. */
  readonly settings?: readonly string[];
}

export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const user = findServerUser();
  const home = mkdtempSync(join(tmpdir(), 'itero-postgres-'));
  const dataDirectory = join(home, 'data');
  mkdirSync(dataDirectory, { mode: 0o700 });
  writeFileSync(join(home, 'password'), PASSWORD);
  if (user !== null)
    for (const path of [home, dataDirectory, join(home, 'password')]) chownSync(path, user.uid, user.gid);
  const found = findPostgresBinaries();
  const binaries = user === null ? found : reachable(found, join(home, 'programs'));
  try {
    await initialise(join(binaries, 'initdb'), home, user);
    return await serve({ program: join(binaries, 'postgres'), home, user, settings: options.settings ?? [] });
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

let own: Promise<PostgresServer> | undefined;

/**
 * A database on the server that this run shares, or on this process's own: an empty one, or a copy of another that nobody
 * uses at the moment.
 */
export async function openDatabase(like?: TestDatabase): Promise<TestDatabase> {
  const shared = process.env[SHARED_SERVER];
  if (shared !== undefined && shared !== '') return createDatabase((name) => new URL(name, shared).href, like);
  own ??= startPostgres();
  const server = await own;
  return createDatabase((name) => server.url(name), like);
}

/** Ends this process's own server, if it has one. It ends with the process anyway. */
export async function closeOwnPostgres(): Promise<void> {
  const server = own;
  own = undefined;
  await (await server)?.stop();
}

async function initialise(initdb: string, home: string, user: ServerUser | null): Promise<void> {
  const where = `-D ${join(home, 'data')} -U ${USER} --pwfile=${join(home, 'password')}`;
  const how = '--auth=scram-sha-256 --encoding=UTF8 --locale=C --no-instructions --no-sync';
  const args = `${where} ${how}`.split(' ');
  const child = spawn(initdb, args, { cwd: home, ...user, env: environment(home) });
  const said = collect(child);
  const code = await ended(child);
  if (code !== 0) throw new Error(`initdb failed (${code}): ${said()}`);
}

interface Start {
  readonly program: string;
  readonly home: string;
  readonly user: ServerUser | null;
  readonly settings: readonly string[];
}

async function serve(start: Start): Promise<PostgresServer> {
  const { home } = start;
  const watch = startWatch(home);
  const started = await startOnFreePort(start);
  const { port } = started;
  let { child } = started;
  const url = (database: string): string => `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = ended(child);
    // SIGQUIT: every process of it ends at once; the next start recovers from the log.
    child.kill('SIGQUIT');
    await gone;
  };
  return {
    url,
    port,
    dataDirectory: join(home, 'data'),
    createDatabase: () => createDatabase(url),
    kill,
    async restart() {
      await kill();
      child = await launch(start, port);
    },
    async stop() {
      await kill();
      watch.ref();
      const cleaned = ended(watch);
      watch.stdin?.end();
      await cleaned;
    },
  };
}

/**
 * It holds the other end of a pipe, so it notices when this process is gone, even by SIGKILL: then it ends the server and removes
 * the data.
 */
function startWatch(home: string): ChildProcess {
  const script = `cat >/dev/null
    server=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
    if [ -n "$server" ] && ps -o command= -p "$server" | grep -q "$1"; then kill -QUIT "$server"; sleep 0.5; fi
    rm -rf "$1"`;
  // A group of its own: Ctrl-C ends the tests, and they the pipe.
  const watch = spawn('sh', ['-c', script, 'watch', home], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  release(watch);
  return watch;
}

async function startOnFreePort(start: Start): Promise<{ child: ChildProcess; port: number }> {
  // Somebody else may take the port between the asking and the start.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { child: await launch(start, port), port };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=on',
  'synchronous_commit=on',
  'max_connections=300',
  'shared_buffers=64MB',
  'max_wal_size=256MB',
  'autovacuum_naptime=5min',
  'timezone=UTC',
  'log_min_messages=fatal',
];

async function launch(start: Start, port: number): Promise<ChildProcess> {
  const { program, home, user } = start;
  const settings = [...SETTINGS, `port=${port}`, ...start.settings].flatMap((setting) => ['-c', setting]);
  const child = spawn(program, ['-D', join(home, 'data'), ...settings], {
    cwd: home,
    ...user,
    env: environment(home),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = collect(child);
  let code: number | null | undefined;
  child.once('exit', (value) => {
    code = value;
  });
  for (const patience = Date.now() + 20_000; ;) {
    if (code !== undefined) throw new Error(`PostgreSQL did not start (${code}): ${said()}`);
    if (await answers(port)) break;
    if (Date.now() > patience) throw new Error(`PostgreSQL does not answer: ${said()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
  }
  release(child);
  return child;
}

/** It must not hold up the end of the process that started it. */
function release(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) (stream as { unref?(): void } | null)?.unref?.();
}

async function answers(port: number): Promise<boolean> {
  const client = new Client({ connectionString: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres` });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

let serial = 0;

async function createDatabase(url: (name: string) => string, like?: TestDatabase): Promise<TestDatabase> {
  serial += 1;
  const name = `itero_${process.pid}_${serial}`;
  await statement(url('postgres'), `create database ${name}${like === undefined ? '' : ` template ${like.name}`}`);
  return {
    name,
    url: url(name),
    query: (sql) => statement(url(name), sql),
    drop: async () => {
      await statement(url('postgres'), `drop database if exists ${name} with (force)`);
    },
  };
}

async function statement(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

function environment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', HOME: home, LC_ALL: 'C', TZ: 'UTC' };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-4000);
    });
  }
  return () => text;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}
