import type { Generated, Selectable } from 'kysely';

/** All times are ms since the epoch; JSON columns are text; booleans are 0 or 1: the same on SQLite and PostgreSQL. */
export interface Schema {
  sessions: SessionTable;
  sign_ins: SignInTable;
  connections: ConnectionTable;
  callback_tokens: CallbackTokenTable;
  logins: LoginTable;
  align_tokens: AlignTokenTable;
  scan_requests: ScanRequestTable;
  idempotency: IdempotencyTable;
  hints: HintTable;
  scans: ScanTable;
  scan_versions: ScanVersionTable;
  reads: ReadTable;
  events: EventTable;
  event_counters: EventCounterTable;
  poll_leases: PollLeaseTable;
  quiet_accounts: QuietAccountTable;
  pictures: PictureTable;
  audit: AuditTable;
  known_charts: KnownChartTable;
  unreadable_orders: UnreadableOrderTable;
  scan_counters: ScanCounterTable;
  read_counters: ReadCounterTable;
}

/** Every row belongs to one clinic of one vendor. */
interface Tenancy {
  vendor: string;
  tenant: string;
}

export interface SessionTable extends Tenancy {
  id: string; // sid
  environment: string;
  user_id: string;
  user_name: string;
  clinic_name: string | null;
  /** `SessionPatient` or null. */
  patient: string | null;
  /** string[] or null: the vendor's own origins. */
  origins: string | null;
  scopes: string; // JSON Scope[]
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface SignInTable extends Tenancy {
  id: string;
  environment: string;
  user_id: string;
  user_name: string;
  clinic_name: string | null;
  /** SHA-256 of the single-use ticket, of the state, and of the browser's cookie. */
  ticket_hash: string;
  state_hash: string | null;
  cookie_hash: string | null;
  opener_origin: string;
  code_verifier: string | null; // sealed
  state: 'issued' | 'started' | 'signed_in' | 'chosen' | 'failed' | 'expired';
  problem: string | null;
  tokens: string | null; // sealed AlignTokens, until an account is chosen
  created_at: number;
  expires_at: number;
}

export interface ConnectionTable extends Tenancy {
  id: string;
  environment: string;
  account_id: string;
  account_name: string;
  account_city: string | null;
  account_country: string | null;
  state: 'paired' | 'needs_login' | 'lost' | 'unpaired';
  created_at: number;
  created_by: string;
  ended_at: number | null;
  callback_state: 'none' | 'registered' | 'confirmed' | 'suspect';
  last_pair_at: number;
  /** When Pair was last repeated because the callback was suspect; once a day at most. */
  repaired_at: number | null;
  last_notification_at: number | null;
  last_full_check_at: number | null;
  /** By upstream's own clock (ms): everything that was changed before it was listed. Never beyond what was seen there. */
  cursor_at: number | null;
  /** By ours (ms): the start of the newest round that listed its whole window. */
  proved_until: number | null;
  /** When the newest sweep ended (ms); and, while one is under way, since when it runs and where it goes on. */
  last_sweep_at: number | null;
  sweep_started_at: number | null;
  sweep_from: number | null;
  sweep_page: number | null;
  backfilled_at: number | null;
  /** Versions in a row that were learnt by poll alone; 2 make the callback suspect. */
  polled_in_a_row: number;
  /** Problem code of the newest background fault, null when healthy. */
  problem: string | null;
}

export interface CallbackTokenTable extends Tenancy {
  hash: string;
  connection_id: string;
  created_at: number;
  /** Null while it is the newest; seven days after the Pair that replaced it. */
  expires_at: number | null;
}

export interface LoginTable extends Tenancy {
  id: string;
  environment: string;
  connection_id: string;
  user_id: string;
  user_name: string;
  token_id: string; // align_tokens.id
  state: 'healthy' | 'failing' | 'signed_out';
  created_at: number;
  changed_at: number;
}

/** Once per (environment, account, Align user): pairing again returns the same set (rules.md). */
export interface AlignTokenTable {
  id: string;
  environment: string;
  account_id: string;
  /** HMAC of the refresh token: recognises the same set without opening it. */
  fingerprint: string;
  access: string; // sealed
  refresh: string; // sealed
  expires_at: number;
  /** Grows with each refresh; a refresher that finds another one than it read uses what is there. */
  generation: number;
  refresh_holder: string | null;
  refresh_until: number | null;
  updated_at: number;
}

export interface ScanRequestTable extends Tenancy {
  id: string;
  environment: string;
  connection_id: string;
  account_id: string;
  user_id: string;
  user_name: string;
  sent_through: string | null;
  chart_number: string;
  first_name: string;
  last_name: string;
  /** Folded, for finding alone. */
  first_key: Generated<string>;
  last_key: Generated<string>;
  /** `ScanRequestDraft` as sent. */
  draft: string;
  procedure: string;
  procedure_type: string | null;
  doctor: string | null;
  state: 'sending' | 'sent' | 'unconfirmed' | 'refused' | 'scanned' | 'cancelled';
  rx_id: string | null;
  order_id: string | null;
  possible_order_id: string | null;
  problem: string | null;
  created_at: number;
  changed_at: number;
}

export interface IdempotencyTable extends Tenancy {
  user_id: string;
  route: string;
  key: string;
  body_hash: string;
  status: number | null; // null while running
  response: string | null;
  created_at: number;
}

/** A notification that is on disk and waits to be looked at. It makes nothing visible by itself. */
export interface HintTable extends Tenancy {
  id: Generated<number>;
  environment: string;
  connection_id: string;
  rx_id: string;
  received_at: number;
  state: 'waiting' | 'done' | 'gone';
  attempts: number;
  next_at: number;
  outcome: string | null;
}

export interface ScanTable extends Tenancy {
  environment: string;
  account_id: string;
  order_id: string;
  connection_id: string;
  order_code: string | null;
  rx_id: string | null;
  request_id: string | null;
  status: string;
  phase: string;
  first_name: string;
  last_name: string;
  /** Folded, for finding alone; `stem` is how the last name begins. */
  first_key: Generated<string>;
  last_key: Generated<string>;
  stem: Generated<string>;
  chart_number: string;
  doctor: string | null;
  procedure: string | null;
  case_type: string | null;
  scanner: string | null;
  scanned_at: number | null;
  modified_at: number;
  my_itero_url: string | null;
  version: string;
  version_number: number;
  learnt_by: string;
  /** How the case counts in the ledger's sum (`scans/ledger-class.ts`). */
  came_by: Generated<'notification' | 'recovered' | 'backfill'>;
  /** `StoredAsset[]`: name, url (a hint that ages), sizeBytes, modifiedAt, and the version that brought it. */
  assets: string;
  /** Backfilled versions count as read for everybody. */
  backfilled: number;
  unmatched: number;
  other_identity: number;
  /** Chart number of the request whose RX this is: a session bound to it sees the case whatever name it was scanned under. */
  request_chart: string | null;
  /** Pictures that the gallery holds, JSON View[]; null until it was unpacked. */
  views: string | null;
  /** When the present version was first seen (ms). */
  seen_at: number;
  created_at: number;
  /** When upstream was asked for what is kept here (ms by the database's clock); null: not known. */
  observed_at: number | null;
  /** Recheck of missing files, by the database's clock: since when, how often, when next; nulls when nothing is missing. */
  missing_since: number | null;
  recheck_count: number;
  recheck_at: number | null;
  /** When the wait was given up for people ("open in MyiTero"); checks go on until `recheckFor`. */
  missing_told_at: number | null;
}

export interface ScanVersionTable extends Tenancy {
  environment: string;
  account_id: string;
  order_id: string;
  version: string;
  number: number;
  status: string;
  phase: string;
  modified_at: number;
  /** When it could first be known: upstream's modification time (ms). */
  due_at: number;
  seen_at: number;
  learnt_by: string;
  /** When the first notification that told it was on disk; null: none had come when it became visible. */
  notified_at: number | null;
  changed: string; // JSON AssetName[]
}

/** One mark per user and version. Without a row a version is unread, a backfilled one read. */
export interface ReadTable extends Tenancy {
  environment: string;
  user_id: string;
  account_id: string;
  order_id: string;
  version: string;
  /** 1 read, 0 expressly unread. */
  read: number;
  read_at: number;
}

/** Chart numbers that this tenant's DPMS has named: by a patient-bound session or a scan request. */
export interface KnownChartTable extends Tenancy {
  environment: string;
  chart_number: string;
  first_seen_at: number;
}

/** Kept in the transactions that change the scans, so that a list's counts cost the same at any size. */
export interface ScanCounterTable extends Tenancy {
  environment: string;
  account_id: string;
  total: number;
  unmatched: number;
  /** Cases whose present version was not backfilled: unread for a user without marks. */
  arrived: number;
  /** The ledger's sum; what is left of `total` was backfilled. */
  by_notification: Generated<number>;
  recovered: Generated<number>;
  /** Cases that wait for a file. */
  waiting: Generated<number>;
}

/** unread of a user = `arrived` + `adjust`, which the user's marks on present versions make. */
export interface ReadCounterTable extends Tenancy {
  environment: string;
  account_id: string;
  user_id: string;
  adjust: number;
}

/** `id` grows by one per tenant, taken in the transaction that writes the row. */
export interface EventTable extends Tenancy {
  id: number;
  environment: string;
  type: string;
  data: string; // EventData
  order_id: string | null;
  request_id: string | null;
  /** Chart numbers whose bound sessions may see it, JSON string[]; null: every chart. Never sent. */
  charts: string | null;
  created_at: number;
}

export interface EventCounterTable extends Tenancy {
  last_id: number;
  /** Ids up to this one were removed by retention. */
  pruned_to: number;
}

/** Survives an un-pair: the floor is the account's, not the tenant's. */
export interface PollLeaseTable {
  environment: string;
  account_id: string;
  holder: string | null;
  held_until: number;
  last_ended_at: number | null;
  /** Earliest start of the next round (ms): floor and jitter; of a pause that upstream asked for `quiet_accounts` knows. */
  not_before: number;
}

/** An account that upstream asked to leave alone (ms, by the database's clock). */
export interface QuietAccountTable {
  environment: string;
  account_id: string;
  quiet_since: number;
  quiet_until: number;
}

/** An order that was listed and could not be read. What it says of itself is not kept: it may be anything. */
export interface UnreadableOrderTable extends Tenancy {
  environment: string;
  account_id: string;
  /** Its id; without one, what else tells it from others. */
  order_key: string;
  /** Upstream's time, or the earliest that it may have (ms). */
  modified_at: number;
  first_seen_at: number;
  last_seen_at: number;
  /** 1: the first listing met it, so that it is no news when it can be read. */
  history: number;
}

/** A picture of the gallery, unpacked at merge, encrypted on disk under `file`. */
export interface PictureTable extends Tenancy {
  environment: string;
  account_id: string;
  order_id: string;
  version: string;
  view: string;
  size: 'small' | 'full';
  file: string;
  bytes: number;
  created_at: number;
  used_at: number;
}

export interface AuditTable extends Tenancy {
  id: Generated<number>;
  environment: string;
  at: number;
  user_id: string;
  session_id: string | null;
  action: string;
  subject: string | null; // an order, request or account id; never a name or chart number
  outcome: string;
}

export type ConnectionRow = Selectable<ConnectionTable>;
export type LoginRow = Selectable<LoginTable>;
export type AlignTokenRow = Selectable<AlignTokenTable>;
export type SignInRow = Selectable<SignInTable>;
export type UnreadableOrderRow = Selectable<UnreadableOrderTable>;
export type ScanRow = Selectable<ScanTable>;
export type ScanVersionRow = Selectable<ScanVersionTable>;
export type ScanRequestRow = Selectable<ScanRequestTable>;
