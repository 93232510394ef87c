import { Buffer } from 'node:buffer';
import type { ScanRequest, ScanRequestDraft } from '../../shared/scan-request.ts';
import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock, Log, Random } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { LateWrites } from '../late-writes.ts';
import type { Connections } from '../pairing/connections.ts';
import { rethrowAsProblem } from '../pairing/to-problem-error.ts';
import { requirePatient } from '../session/require-patient.ts';
import type { Store } from '../store/index.ts';
import { foldName } from '../store/fold-name.ts';
import { noteKnownChart } from '../store/known-charts.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Principal } from '../tenancy.ts';
import type { Vault } from '../vault/vault.ts';
import { checkDraft, type DraftNames } from './check-draft.ts';
import { JUDGE_MS, type PracticeBook } from './practice-book.ts';
import { fromRequestRow, type ScanRequestRow } from './request-table.ts';
import { judgeSendFault, type Outcome } from './send-outcome.ts';
import { storeOutcome, toChange } from './store-outcome.ts';

export interface SendParts {
  readonly store: Store;
  readonly events: EventLog;
  readonly audit: Audit;
  readonly connections: Connections;
  readonly vault: Vault;
  readonly align: AlignPort;
  readonly practices: PracticeBook;
  readonly clock: Clock;
  readonly random: Random;
  /** Outcomes that the database did not take, by request id. */
  readonly outcomes: LateWrites;
}

/** At UTC−12 a date is still "today" when it has ended everywhere else (ms). */
const LATEST_TODAY_MS = 12 * 3_600_000;

/**
 * Sends a scan request to the scanner: intent row, call, outcome. Returns it as `sent` or as `unconfirmed`.
 * An RX id that cannot be stored is `unconfirmed` to its caller, who must not send a second RX; it is stored later.
 * @throws ProblemError `wrong_patient`, `invalid_request`, `internal` (nothing was sent), or what upstream's clear refusal means
 */
export async function sendScanRequest(
  parts: SendParts,
  principal: Principal,
  draft: ScanRequestDraft,
  log: Log,
): Promise<ScanRequest> {
  requirePatient(principal, draft.patient);
  const prepared = prepare(parts, principal, draft).catch(rethrowAsProblem);
  const { connection, row } = await prepared.catch((error: unknown) => {
    if (error instanceof ProblemError) throw error;
    // A problem, so that its key is free again: the call had not begun, pressing again sends it once.
    log.error({ error }, 'scan request could not be written down, nothing was sent');
    throw new ProblemError('internal', {}, error);
  });
  const outcome = await call(parts, connection, principal, draft);
  if (outcome.kind === 'unconfirmed') {
    log.warn({ error: outcome.cause, request: row.id }, 'scan request without a clear answer');
  }
  return settle(parts, principal, row, outcome);
}

/** All that stands before the call. */
async function prepare(parts: SendParts, principal: Principal, draft: ScanRequestDraft) {
  const connection = await parts.connections.requireActive(principal);
  const names = await judge(parts, connection, principal, draft);
  return { connection, row: await writeIntent(parts, connection, principal, draft, names) };
}

/** Choices are judged by the kept configuration; before one is refused, by a fresh one. */
async function judge(
  { practices, clock }: SendParts,
  connection: ConnectionRow,
  principal: Principal,
  draft: ScanRequestDraft,
): Promise<DraftNames> {
  const today = new Date(clock.now() - LATEST_TODAY_MS).toISOString().slice(0, 10);
  let judgement = checkDraft(draft, await practices.read(connection, principal.userId), today);
  if (!judgement.ok) {
    judgement = checkDraft(draft, await practices.read(connection, principal.userId, JUDGE_MS), today);
  }
  if (!judgement.ok) throw new ProblemError('invalid_request', { errors: judgement.errors });
  return judgement.names;
}

/** On disk before the call, so that a crash in mid-call leaves a trace (rules.md "Scan requests"). */
async function writeIntent(
  { store, clock, random }: SendParts,
  connection: ConnectionRow,
  principal: Principal,
  draft: ScanRequestDraft,
  names: DraftNames,
): Promise<ScanRequestRow> {
  const now = clock.now();
  const row: ScanRequestRow = {
    id: `rq_${Buffer.from(random.bytes(15)).toString('base64url')}`,
    vendor: principal.vendor,
    tenant: principal.tenant,
    environment: principal.environment,
    connection_id: connection.id,
    account_id: connection.account_id,
    user_id: principal.userId,
    user_name: principal.userName,
    sent_through: null,
    chart_number: draft.patient.chartNumber,
    first_name: draft.patient.firstName,
    last_name: draft.patient.lastName,
    first_key: foldName(draft.patient.firstName),
    last_key: foldName(draft.patient.lastName),
    draft: JSON.stringify(draft),
    procedure: names.procedure,
    procedure_type: names.procedureType,
    doctor: names.doctor,
    state: 'sending',
    rx_id: null,
    order_id: null,
    possible_order_id: null,
    problem: null,
    created_at: now,
    changed_at: now,
  };
  await store.write(async (tx) => {
    await tx.insertInto('scan_requests').values(row).execute();
    await noteKnownChart(tx, principal, row.chart_number, now);
  }, principal);
  return row;
}

async function call(
  { vault, align }: SendParts,
  connection: ConnectionRow,
  principal: Principal,
  draft: ScanRequestDraft,
): Promise<Outcome> {
  let called = false;
  let unclear: AlignFault | null = null;
  try {
    return await vault.withToken({ connection, userId: principal.userId }, async (token, login) => {
      // The vault may try another login; after an unclear answer that would send twice.
      if (unclear !== null) throw unclear;
      called = true;
      try {
        const { rxId } = await align.sendScanRequest(token, draft);
        return { kind: 'sent', rxId, sentThrough: login.user_id === principal.userId ? null : login.user_name };
      } catch (error) {
        if (error instanceof AlignFault && error.maybeApplied) unclear = error;
        throw error;
      }
    });
  } catch (error) {
    return judgeSendFault(error, called, unclear);
  }
}

async function settle(
  parts: SendParts,
  principal: Principal,
  row: ScanRequestRow,
  outcome: Outcome,
): Promise<ScanRequest> {
  const changed_at = parts.clock.now();
  const settled: ScanRequestRow = { ...row, ...toChange(outcome), changed_at };
  let told = settled;
  try {
    await storeOutcome(parts, principal, settled, outcome, { again: false });
  } catch (error) {
    // The RX id stands in the log too: should this process die now, it is nowhere else.
    const fields = { request: row.id, outcome: outcome.kind, rxId: settled.rx_id };
    const again = async (): Promise<void> => storeOutcome(parts, principal, settled, outcome, { again: true });
    parts.outcomes.keep(row.id, again, fields, error);
    told = { ...row, ...toChange({ kind: 'unconfirmed', cause: error }), changed_at };
  }
  if (outcome.kind === 'refused') throw outcome.problem;
  return fromRequestRow(told);
}
