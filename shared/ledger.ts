import * as v from 'valibot';
import { LEARNT_BY, PHASES } from './scan.ts';

/**
 * How the cases of one account came in. Each case is counted once: `recovered` when any of its versions was learnt by poll
 * or recheck alone although a notification was due (none had told it; steps that upstream never notifies do not count unless
 * they are the first that was seen of the case, docs/decisions/0011), else `byNotification` when any was, else `backfilled`. The three add up to
 * `cases`. Source: product.md promise 1.
 */
export const ledgerSummarySchema = v.object({
  cases: v.number(),
  byNotification: v.number(),
  recovered: v.number(),
  backfilled: v.number(),
  /** Cases that wait for a file. */
  waiting: v.number(),
  /** Notifications on disk whose order could not be read yet. */
  pending: v.number(),
  /** Orders that upstream listed and that cannot be read yet: each may be a case that is missing here. */
  unreadable: v.number(),
  /**
   * From when on nothing has been proved by a complete listing (its frozen upper bound); null before the first one. It
   * stands still while an order is unreadable. Cases changed later are known by notification alone.
   */
  provedUntil: v.nullable(v.string()),
  /** A complete listing is overdue: more than two rounds ago; the first one, which may be long, after an hour. */
  behind: v.boolean(),
});
export type LedgerSummary = v.InferOutput<typeof ledgerSummarySchema>;

/** One version of one case: ids and times only. */
export const ledgerEntrySchema = v.object({
  orderId: v.string(),
  version: v.string(),
  number: v.number(),
  status: v.string(),
  phase: v.picklist(PHASES),
  learntBy: v.picklist(LEARNT_BY),
  /** When upstream made it: it could be known from then on. */
  dueAt: v.string(),
  /**
   * When a notification that told it was on disk here; null: none had come when it became visible. With `learntBy` poll or
   * recheck and a time here, our own look was merely faster: such a version is not `recovered`.
   */
  notifiedAt: v.nullable(v.string()),
  /** When it became visible here. */
  seenAt: v.string(),
  /** From due to seen; never below zero, whatever the two clocks say. */
  delaySeconds: v.number(),
});
export type LedgerEntry = v.InferOutput<typeof ledgerEntrySchema>;

/** `GET /v1/ledger?tenant=&from=&to=&cursor=&limit=`, newest first; `Accept: text/csv` or `format=csv` gives all rows as CSV. */
export const ledgerSchema = v.object({
  tenant: v.string(),
  environment: v.string(),
  accounts: v.array(
    v.object({
      accountId: v.string(),
      /** Of the newest connection to it. */
      state: v.picklist(['paired', 'needs_login', 'lost', 'unpaired']),
      callback: v.picklist(['none', 'registered', 'confirmed', 'suspect']),
      lastNotificationAt: v.nullable(v.string()),
      lastFullCheckAt: v.nullable(v.string()),
      summary: ledgerSummarySchema,
    }),
  ),
  entries: v.array(v.object({ accountId: v.string(), ...ledgerEntrySchema.entries })),
  nextCursor: v.nullable(v.string()),
});
export type Ledger = v.InferOutput<typeof ledgerSchema>;
