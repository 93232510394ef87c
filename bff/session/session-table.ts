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
