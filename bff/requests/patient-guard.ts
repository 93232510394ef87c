import type { Kysely } from 'kysely';
import type { PatientCheck, PatientIdentity } from '../../shared/scan-request.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Connections } from '../pairing/connections.ts';
import type { Store } from '../store/index.ts';
import type { Schema } from '../store/schema.ts';
import type { Principal } from '../tenancy.ts';
import { OPEN_STATES, requestsOf, type RequestScope } from './request-table.ts';

const MOST_OTHER_CHARTS = 5;

interface Seen {
  readonly firstName: string;
  readonly lastName: string;
  readonly chartNumber: string;
  /** ms since the epoch. */
  readonly at: number;
}

/**
 * The patient guard: says what is known *here* about this identity, and no more; Align may know other patients. Names are
 * compared exactly, as upstream does (align-api §5). A patient-bound session learns of its own chart alone.
 */
export async function checkPatient(
  { store, connections }: { store: Store; connections: Connections },
  principal: Principal,
  patient: PatientIdentity,
): Promise<PatientCheck> {
  const bound = principal.patient;
  if (bound !== null && bound.chartNumber !== patient.chartNumber) throw new ProblemError('wrong_patient');
  const connection = await connections.current(principal);
  if (connection === null) return { verdict: 'unknown', known: null, otherCharts: [], openRequests: [] };

  const scope: RequestScope = { ...principal, accountId: connection.account_id };
  const seen = await seenUnder(store.db, scope, patient.chartNumber);
  const same = seen.find((one) => one.firstName === patient.firstName && one.lastName === patient.lastName);
  const known = same ?? seen[0];
  return {
    verdict: known === undefined ? 'unknown' : same === undefined ? 'different' : 'same',
    known: known === undefined ? null : toKnown(known),
    otherCharts: bound === null ? await otherChartsOf(store.db, scope, patient) : [],
    openRequests: await openRequestsOf(store.db, scope, patient.chartNumber),
  };
}

/** Identities that upstream has for this chart as far as cases and taken requests show, newest first. */
async function seenUnder(db: Kysely<Schema>, scope: RequestScope, chartNumber: string): Promise<Seen[]> {
  const cases = await scansOf(db, scope)
    .select(['first_name as firstName', 'last_name as lastName', 'chart_number as chartNumber'])
    .select((eb) => eb.fn.max('seen_at').as('at'))
    .where('chart_number', '=', chartNumber)
    .groupBy(['first_name', 'last_name', 'chart_number'])
    .execute();
  const requests = await requestsOf(db, { ...scope, chartNumber })
    .select(['first_name as firstName', 'last_name as lastName', 'chart_number as chartNumber'])
    .select((eb) => eb.fn.max('created_at').as('at'))
    // Upstream took these; a refused or unconfirmed one made no patient that we know of.
    .where('state', 'in', ['sent', 'scanned', 'cancelled'])
    .groupBy(['first_name', 'last_name', 'chart_number'])
    .execute();
  return [...cases, ...requests].sort((a, b) => b.at - a.at);
}

async function otherChartsOf(db: Kysely<Schema>, scope: RequestScope, patient: PatientIdentity): Promise<string[]> {
  const cases = await scansOf(db, scope)
    .select('chart_number')
    .distinct()
    .where('last_name', '=', patient.lastName)
    .where('first_name', '=', patient.firstName)
    .where('chart_number', 'not in', [patient.chartNumber, ''])
    .limit(MOST_OTHER_CHARTS)
    .execute();
  const requests = await requestsOf(db, scope)
    .select('chart_number')
    .distinct()
    .where('last_name', '=', patient.lastName)
    .where('first_name', '=', patient.firstName)
    .where('chart_number', '!=', patient.chartNumber)
    .where('state', 'in', ['sent', 'scanned', 'cancelled'])
    .limit(MOST_OTHER_CHARTS)
    .execute();
  const charts = new Set([...cases, ...requests].map((row) => row.chart_number));
  return [...charts].slice(0, MOST_OTHER_CHARTS);
}

async function openRequestsOf(
  db: Kysely<Schema>,
  scope: RequestScope,
  chartNumber: string,
): Promise<PatientCheck['openRequests']> {
  const rows = await requestsOf(db, { ...scope, chartNumber })
    .select(['id', 'state', 'created_at'])
    .where('state', 'in', [...OPEN_STATES])
    .orderBy('created_at', 'desc')
    .limit(20)
    .execute();
  return rows.map(({ id, state, created_at }) => ({ id, state, createdAt: new Date(created_at).toISOString() }));
}

function scansOf(db: Kysely<Schema>, scope: RequestScope) {
  return db
    .selectFrom('scans')
    .where('vendor', '=', scope.vendor)
    .where('tenant', '=', scope.tenant)
    .where('environment', '=', scope.environment)
    .where('account_id', '=', scope.accountId);
}

function toKnown({ firstName, lastName, chartNumber, at }: Seen): PatientCheck['known'] {
  return { firstName, lastName, chartNumber, lastSeenAt: new Date(at).toISOString() };
}
