import type { Kysely } from 'kysely';
import type { Clock } from '../deps.ts';
import type { Schema } from '../store/schema.ts';
import type { TenantKey } from '../tenancy.ts';

export type AuditAction =
  | 'session.minted'
  | 'session.revoked'
  | 'pairing.sign_in'
  | 'pairing.paired'
  | 'pairing.unpaired'
  | 'pairing.lost'
  | 'pairing.signed_out'
  | 'scan.listed'
  | 'scan.viewed'
  | 'scan.picture_viewed'
  | 'scan.downloaded'
  | 'scan.looked_for'
  | 'scan_request.sent'
  | 'scan_request.cancelled'
  | 'patient.corrected'
  | 'ledger.read'
  | 'audit.read';

/** The person; a `Principal` fits. Background work has no session and calls itself `system`. */
export interface AuditActor extends TenantKey {
  readonly userId: string;
  readonly sessionId: string | null;
}

export interface Audit {
  /**
   * One row of who did what (product.md promise 5), written in the caller's transaction.
   * @param subject an order, request, session or account id: never a name or a chart number
   * @param outcome `ok`, or a problem code
   */
  record(
    tx: Kysely<Schema>,
    actor: AuditActor,
    action: AuditAction,
    subject: string | null,
    outcome: string,
  ): Promise<void>;
}

export function createAudit(clock: Clock): Audit {
  return {
    async record(tx, actor, action, subject, outcome) {
      await tx
        .insertInto('audit')
        .values({
          vendor: actor.vendor,
          tenant: actor.tenant,
          environment: actor.environment,
          at: clock.now(),
          user_id: actor.userId,
          session_id: actor.sessionId,
          action,
          subject,
          outcome,
        })
        .execute();
    },
  };
}

export { createAuditEndpoint } from './export-endpoint.ts';
