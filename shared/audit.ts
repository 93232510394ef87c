import * as v from 'valibot';

/** One act: ids, never a name or a chart number. `outcome` is `ok` or a problem code. */
export const auditEntrySchema = v.object({
  at: v.string(),
  /** The DPMS's own id of the person; `vendor` for its backend, `system` for background work. */
  userId: v.string(),
  sessionId: v.nullable(v.string()),
  action: v.string(),
  /** An order, request, session or account id. */
  subject: v.nullable(v.string()),
  outcome: v.string(),
});
export type AuditEntry = v.InferOutput<typeof auditEntrySchema>;

/** `GET /v1/audit?tenant=&from=&to=&cursor=&limit=`, newest first; `Accept: text/csv` or `format=csv` gives all rows as CSV. */
export const auditLogSchema = v.object({
  tenant: v.string(),
  environment: v.string(),
  entries: v.array(auditEntrySchema),
  nextCursor: v.nullable(v.string()),
});
export type AuditLog = v.InferOutput<typeof auditLogSchema>;
