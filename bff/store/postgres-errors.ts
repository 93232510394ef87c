import { StoreError } from './store.ts';

/** SQLSTATEs after which the same work may be run again: nothing of it is stored. */
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK = '40P01';

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function isConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === SERIALIZATION_FAILURE || code === DEADLOCK;
}

/** The connection is of no use any more: cut, shut down by the server, or its server has become a read-only standby. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined && /^(08|57P0[1-5]$|25006$|25P03$)/.test(code)) return true;
  if (code !== undefined && /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/.test(code))
    return true;
  const said = error instanceof Error ? error.message : '';
  return /^(Connection terminated(?! due to connection timeout)|Client has encountered a connection error|Query read timeout|Client was closed)/.test(
    said,
  );
}

/** Where the database is, for sentences and logs: never with its password. */
export function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname === '' ? 'the local socket' : hostname}${port === '' ? '' : `:${port}`}${pathname}`;
}

/**
 * A password with an unescaped `/`, `?` or `#` ends the address early: what follows, password and all, would be taken for the name of
 * the database, and be told as such.
 * @throws StoreError a sentence that repeats nothing of the address
 */
export function requireReadable(url: string): void {
  const parts = URL.canParse(url) ? new URL(url) : null;
  if (parts !== null && !`${parts.pathname}${parts.search}${parts.hash}`.includes('@')) return;
  throw new StoreError(
    'store: must be postgres://user:password@host:port/database; special characters of the password are percent-encoded, / as %2F, @ as %40',
  );
}

const SENTENCES: Record<string, string> = {
  '28P01': 'the database refuses this user or password',
  '28000': 'the database does not let this user in from here (see its pg_hba.conf)',
  '3D000': 'this database does not exist on the server; create it first',
  '42501': 'the database user lacks rights: it must be able to create tables in the schema it uses',
  '3F000': 'no schema to create tables in: check the search_path of the database user',
  '53300': 'the database has no connection left: raise max_connections or run fewer instances',
  '57P03': 'the database is starting up or shutting down',
  ECONNREFUSED: 'nobody answers there: is PostgreSQL running, and is the port right?',
  ENOTFOUND: 'this host name is not known',
  EAI_AGAIN: 'this host name cannot be looked up at the moment',
  ENOENT: 'there is no socket of PostgreSQL there',
};

/** With the syscall `open`, or `read` for a folder; ECONNRESET comes with `read`, too. */
const UNREADABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'ENOTDIR', 'ELOOP']);

/** pg reads the files that an address names (sslrootcert, sslcert, sslkey); a connection fails with another syscall. */
function unreadableFile(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  if (error.syscall !== 'open' && error.syscall !== 'read') return undefined;
  const code = codeOf(error);
  if (code === undefined || !UNREADABLE.has(code)) return undefined;
  const name = 'path' in error && typeof error.path === 'string' ? `: ${error.path}` : '';
  return `a file that the address names (sslrootcert, sslcert or sslkey) cannot be read (${code})${name}`;
}

/** A sentence for the operator. The cause is handed on for the log; pg keeps passwords out of its errors. */
export function toStoreError(url: string, cause: unknown): StoreError {
  const inner = cause instanceof Error ? (firstOf(cause) ?? cause) : cause;
  const known = unreadableFile(inner) ?? SENTENCES[codeOf(inner) ?? ''] ?? SENTENCES[codeOf(causeOf(inner)) ?? ''];
  if (known === undefined && cause instanceof StoreError) return cause;
  const said = known ?? (inner instanceof Error && inner.message !== '' ? inner.message : String(inner));
  return new StoreError(`store: PostgreSQL at ${placeOf(url)}: ${said}`, { cause });
}

/** A name with several addresses fails with one error for each. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : undefined;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
