import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Migration } from 'kysely/migration';
import { isPostgres } from '../dialect.ts';

/** Column names by kind, separated by blanks. `key: 'grows'` is an `id` that the database counts and never gives twice. */
interface Table {
  text: string;
  optionalText?: string;
  /** Whole numbers: ms since the epoch, counts, 0 or 1. */
  number?: string;
  optionalNumber?: string;
  key: string;
}

const TABLES: Record<string, Table> = {
  sessions: {
    text: 'vendor tenant id environment user_id user_name scopes',
    optionalText: 'patient origins clinic_name',
    number: 'created_at expires_at',
    optionalNumber: 'revoked_at',
    key: 'id',
  },
  sign_ins: {
    text: 'vendor tenant id environment user_id user_name ticket_hash opener_origin state',
    optionalText: 'state_hash cookie_hash code_verifier problem tokens clinic_name',
    number: 'created_at expires_at',
    key: 'id',
  },
  connections: {
    text: 'vendor tenant id environment account_id account_name state created_by callback_state',
    optionalText: 'account_city account_country problem',
    number: 'created_at last_pair_at polled_in_a_row',
    optionalNumber: 'ended_at last_notification_at last_full_check_at cursor_at backfilled_at repaired_at',
    key: 'id',
  },
  callback_tokens: {
    text: 'vendor tenant hash connection_id',
    number: 'created_at',
    optionalNumber: 'expires_at',
    key: 'hash',
  },
  logins: {
    text: 'vendor tenant id environment connection_id user_id user_name token_id state',
    number: 'created_at changed_at',
    key: 'id',
  },
  align_tokens: {
    text: 'id environment account_id fingerprint access refresh',
    optionalText: 'refresh_holder',
    number: 'expires_at generation updated_at',
    optionalNumber: 'refresh_until',
    key: 'id',
  },
  scan_requests: {
    text: 'vendor tenant id environment connection_id account_id user_id user_name chart_number first_name last_name draft procedure state',
    optionalText: 'sent_through procedure_type doctor rx_id order_id possible_order_id problem',
    number: 'created_at changed_at',
    key: 'id',
  },
  idempotency: {
    text: 'vendor tenant user_id route key body_hash',
    optionalText: 'response',
    number: 'created_at',
    optionalNumber: 'status',
    key: 'vendor tenant user_id route key',
  },
  hints: {
    text: 'vendor tenant environment connection_id rx_id state',
    optionalText: 'outcome',
    number: 'received_at attempts next_at',
    key: 'grows',
  },
  scans: {
    text: 'vendor tenant environment account_id order_id connection_id status phase first_name last_name chart_number version learnt_by assets',
    optionalText: 'order_code rx_id request_id doctor procedure case_type scanner my_itero_url request_chart views',
    number: 'modified_at version_number backfilled unmatched other_identity seen_at created_at recheck_count',
    optionalNumber: 'scanned_at missing_since recheck_at missing_told_at',
    key: 'vendor tenant environment account_id order_id',
  },
  scan_versions: {
    text: 'vendor tenant environment account_id order_id version status phase learnt_by changed',
    number: 'number modified_at due_at seen_at',
    key: 'vendor tenant environment account_id order_id version',
  },
  reads: {
    text: 'vendor tenant environment account_id order_id version user_id',
    number: 'read read_at',
    key: 'vendor tenant environment account_id order_id version user_id',
  },
  events: {
    text: 'vendor tenant environment type data',
    optionalText: 'order_id request_id charts',
    number: 'id created_at',
    key: 'vendor tenant id',
  },
  event_counters: { text: 'vendor tenant', number: 'last_id pruned_to', key: 'vendor tenant' },
  poll_leases: {
    text: 'environment account_id',
    optionalText: 'holder',
    number: 'held_until not_before',
    optionalNumber: 'last_ended_at',
    key: 'environment account_id',
  },
  pictures: {
    text: 'vendor tenant environment account_id order_id version view size file',
    number: 'bytes created_at used_at',
    key: 'vendor tenant environment account_id order_id version view size',
  },
  audit: {
    text: 'vendor tenant environment user_id action outcome',
    optionalText: 'session_id subject',
    number: 'at',
    key: 'grows',
  },
  known_charts: {
    text: 'vendor tenant environment chart_number',
    number: 'first_seen_at',
    key: 'vendor tenant environment chart_number',
  },
  scan_counters: {
    text: 'vendor tenant environment account_id',
    number: 'total unmatched arrived',
    key: 'vendor tenant environment account_id',
  },
  read_counters: {
    text: 'vendor tenant environment account_id user_id',
    number: 'adjust',
    key: 'vendor tenant environment account_id user_id',
  },
};

interface Index {
  name: string;
  on: string;
  columns: string;
  unique?: true;
  where?: RawBuilder<boolean>;
}

/** Lists page along an index and counts are kept, so that no call grows with the number of cases (bars.md "cost growth"). */
const INDEXES: readonly Index[] = [
  { name: 'sessions_expiry', on: 'sessions', columns: 'expires_at' },
  { name: 'sign_ins_ticket', on: 'sign_ins', columns: 'ticket_hash', unique: true },
  { name: 'sign_ins_state', on: 'sign_ins', columns: 'state_hash' },
  { name: 'sign_ins_person', on: 'sign_ins', columns: 'vendor tenant environment user_id created_at' },
  { name: 'sign_ins_expiry', on: 'sign_ins', columns: 'expires_at' },
  {
    name: 'connections_one_active',
    on: 'connections',
    columns: 'vendor tenant environment',
    unique: true,
    where: sql`state in ('paired', 'needs_login')`,
  },
  {
    name: 'connections_one_tenant',
    on: 'connections',
    columns: 'environment account_id',
    unique: true,
    where: sql`state in ('paired', 'needs_login')`,
  },
  { name: 'connections_newest', on: 'connections', columns: 'vendor tenant environment created_at' },
  { name: 'callback_tokens_connection', on: 'callback_tokens', columns: 'connection_id' },
  { name: 'logins_connection', on: 'logins', columns: 'connection_id state' },
  { name: 'logins_person', on: 'logins', columns: 'vendor tenant environment user_id' },
  { name: 'logins_token', on: 'logins', columns: 'token_id' },
  { name: 'align_tokens_once', on: 'align_tokens', columns: 'environment account_id fingerprint', unique: true },
  { name: 'scan_requests_newest', on: 'scan_requests', columns: 'vendor tenant environment created_at id' },
  { name: 'scan_requests_chart', on: 'scan_requests', columns: 'vendor tenant environment chart_number created_at id' },
  { name: 'scan_requests_state', on: 'scan_requests', columns: 'vendor tenant environment state created_at id' },
  {
    name: 'scan_requests_rx',
    on: 'scan_requests',
    columns: 'vendor tenant environment rx_id',
    where: sql`rx_id is not null`,
  },
  { name: 'idempotency_age', on: 'idempotency', columns: 'created_at' },
  { name: 'hints_due', on: 'hints', columns: 'environment next_at', where: sql`state = 'waiting'` },
  { name: 'scans_newest', on: 'scans', columns: 'vendor tenant environment account_id modified_at order_id' },
  {
    name: 'scans_chart',
    on: 'scans',
    columns: 'vendor tenant environment account_id chart_number modified_at order_id',
  },
  {
    name: 'scans_request_chart',
    on: 'scans',
    columns: 'vendor tenant environment account_id request_chart modified_at order_id',
    where: sql`request_chart is not null`,
  },
  { name: 'scans_phase', on: 'scans', columns: 'vendor tenant environment account_id phase modified_at order_id' },
  {
    name: 'scans_unmatched',
    on: 'scans',
    columns: 'vendor tenant environment account_id modified_at order_id',
    where: sql`unmatched = 1`,
  },
  {
    name: 'scans_waiting',
    on: 'scans',
    columns: 'vendor tenant environment account_id modified_at order_id',
    where: sql`missing_since is not null`,
  },
  { name: 'scans_recheck', on: 'scans', columns: 'environment recheck_at', where: sql`recheck_at is not null` },
  { name: 'scans_rx', on: 'scans', columns: 'vendor tenant environment rx_id' },
  {
    name: 'scan_versions_number',
    on: 'scan_versions',
    columns: 'vendor tenant environment account_id order_id number',
    unique: true,
  },
  { name: 'events_age', on: 'events', columns: 'created_at' },
  { name: 'pictures_use', on: 'pictures', columns: 'used_at' },
  { name: 'audit_newest', on: 'audit', columns: 'vendor tenant at' },
];

export const ground: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const [name, table] of Object.entries(TABLES)) await createTable(db, name, table);
    for (const index of INDEXES) await createIndex(db, index);
  },
};

async function createTable(db: Kysely<unknown>, name: string, table: Table): Promise<void> {
  let creation = db.schema.createTable(name);
  // Bytes decide the order, as in SQLite: a database's language does not, and an upgrade of its C library cannot upset an index.
  const text = isPostgres(db) ? sql`text collate "C"` : 'text';
  if (table.key === 'grows') {
    creation = isPostgres(db)
      ? creation.addColumn('id', 'bigint', (c) => c.generatedByDefaultAsIdentity().primaryKey())
      : creation.addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement());
  }
  for (const column of words(table.text)) creation = creation.addColumn(column, text, (c) => c.notNull());
  for (const column of words(table.optionalText)) creation = creation.addColumn(column, text);
  for (const column of words(table.number)) creation = creation.addColumn(column, 'bigint', (c) => c.notNull());
  for (const column of words(table.optionalNumber)) creation = creation.addColumn(column, 'bigint');
  if (table.key !== 'grows') {
    creation = creation.addPrimaryKeyConstraint(`${name}_key`, words(table.key) as [never, ...never[]]);
  }
  await creation.execute();
}

async function createIndex(db: Kysely<unknown>, index: Index): Promise<void> {
  let creation = db.schema.createIndex(index.name).on(index.on).columns(words(index.columns));
  if (index.unique) creation = creation.unique();
  if (index.where) creation = creation.where(index.where);
  await creation.execute();
}

function words(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(' ');
}
