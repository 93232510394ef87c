import type { Kysely, Selectable } from 'kysely';
import type { Scope, SessionPatient } from '../../shared/session.ts';
import type { Schema, SessionTable } from '../store/schema.ts';
import type { StoredSession } from './session.ts';

export type SessionRow = Selectable<SessionTable>;

export async function insertSession(tx: Kysely<Schema>, session: StoredSession, createdAt: number): Promise<void> {
  const { principal, origins } = session;
  await tx
    .insertInto('sessions')
    .values({
      id: principal.sessionId,
      vendor: principal.vendor,
      tenant: principal.tenant,
      environment: principal.environment,
      user_id: principal.userId,
      user_name: principal.userName,
      clinic_name: principal.clinicName,
      patient: principal.patient === null ? null : JSON.stringify(principal.patient),
      origins: origins === null ? null : JSON.stringify(origins),
      scopes: JSON.stringify(principal.scopes),
      created_at: createdAt,
      expires_at: principal.expiresAt,
      revoked_at: null,
    })
    .execute();
}

export function selectSession(db: Kysely<Schema>, id: string): Promise<SessionRow | undefined> {
  return db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Placeholders in one statement. */
const AT_ONCE = 500;

/** Those of these sessions that are over, revoked or gone at `now` (ms since the epoch). */
export async function selectEnded(db: Kysely<Schema>, ids: readonly string[], now: number): Promise<string[]> {
  const ended: string[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const rows = await db
      .selectFrom('sessions')
      .select('id')
      .where('id', 'in', some)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .execute();
    const alive = new Set(rows.map(({ id }) => id));
    ended.push(...some.filter((id) => !alive.has(id)));
  }
  return ended;
}

/** The columns were written by `insertSession` alone, from validated input. */
export function fromSessionRow(row: SessionRow): StoredSession {
  return {
    principal: {
      vendor: row.vendor,
      tenant: row.tenant,
      environment: row.environment,
      userId: row.user_id,
      userName: row.user_name,
      clinicName: row.clinic_name,
      sessionId: row.id,
      scopes: JSON.parse(row.scopes) as Scope[],
      patient: row.patient === null ? null : (JSON.parse(row.patient) as SessionPatient),
      expiresAt: row.expires_at,
    },
    origins: row.origins === null ? null : (JSON.parse(row.origins) as string[]),
  };
}
