import * as v from 'valibot';
import { chartNumber, cursor, isoTime } from './primitives.ts';

export const VIEWS = ['composite', 'front', 'left', 'right', 'upper', 'lower'] as const;
export type View = (typeof VIEWS)[number];
export const ASSETS = ['ide', 'gallery', 'captures'] as const;
export type AssetName = (typeof ASSETS)[number];
/** How a version was learnt. Source: product.md promise 1. */
export const LEARNT_BY = ['notification', 'poll', 'recheck', 'backfill'] as const;
export type LearntBy = (typeof LEARNT_BY)[number];

/**
 * Where the case stands, from upstream's status. `scanned` Completed; `modeling`; `review` Lab Review; `rescan`
 * Scanning again; `milling` second interpretation; `other` any status not known here (shown by its own name).
 */
export const PHASES = ['scanned', 'modeling', 'review', 'rescan', 'milling', 'other'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * `ready`; `waiting` expected, being checked for; `missing` not there after the 40–80 s window: checks go on with
 * growing pauses, the person is told what to do; `none` not part of this case (captures that were never taken).
 * `link` is present when the session may fetch it; it lives five minutes at most.
 */
export const assetSchema = v.object({
  state: v.picklist(['ready', 'waiting', 'missing', 'none']),
  sizeBytes: v.nullable(v.number()),
  modifiedAt: v.nullable(v.string()),
  nextCheckAt: v.nullable(v.string()),
  link: v.nullable(v.string()),
});
export type Asset = v.InferOutput<typeof assetSchema>;

/** `small` is 320 px wide; `full` is given by `GET /v1/scans/{orderId}` only. Links are absolute paths of the BFF. */
export const thumbnailSchema = v.object({
  view: v.picklist(VIEWS),
  small: v.string(),
  full: v.nullable(v.string()),
});
export type Thumbnail = v.InferOutput<typeof thumbnailSchema>;

export const scanSchema = v.object({
  orderId: v.string(),
  orderCode: v.nullable(v.string()),
  rxId: v.nullable(v.string()),
  /** Upstream's own words. */
  status: v.string(),
  phase: v.picklist(PHASES),
  procedure: v.nullable(v.string()),
  caseType: v.nullable(v.string()),
  doctor: v.nullable(v.string()),
  scanner: v.nullable(v.string()),
  patient: v.object({ firstName: v.string(), lastName: v.string(), chartNumber: v.string() }),
  scannedAt: v.nullable(v.string()),
  modifiedAt: v.string(),
  receivedAt: v.string(),
  version: v.string(),
  /** 1 for the first version seen here, then counting. */
  versionNumber: v.number(),
  learntBy: v.picklist(LEARNT_BY),
  unread: v.boolean(),
  /** In the clinic's unmatched tray. Source: rules.md "Whose scan is it". */
  unmatched: v.boolean(),
  /** Requested for this chart, but scanned under another name or chart number. */
  otherIdentity: v.boolean(),
  requestId: v.nullable(v.string()),
  myIteroUrl: v.nullable(v.string()),
  assets: v.object({ ide: assetSchema, gallery: assetSchema, captures: assetSchema }),
  thumbnails: v.array(thumbnailSchema),
});
export type Scan = v.InferOutput<typeof scanSchema>;

export const scanDetailSchema = v.object({
  ...scanSchema.entries,
  /** Every version seen, newest first: its status and how it was learnt. */
  history: v.array(
    v.object({
      version: v.string(),
      number: v.number(),
      status: v.string(),
      phase: v.picklist(PHASES),
      modifiedAt: v.string(),
      seenAt: v.string(),
      learntBy: v.picklist(LEARNT_BY),
      /** Files that this version brought or changed. */
      changed: v.array(v.picklist(ASSETS)),
    }),
  ),
  /** While a file is missing: since when it is looked for, how often it was, and when next (null: no more by itself). */
  recheck: v.nullable(v.object({ since: v.string(), looks: v.number(), nextAt: v.nullable(v.string()) })),
});
export type ScanDetail = v.InferOutput<typeof scanDetailSchema>;

export const SCAN_FILTERS = ['all', 'unread', 'unmatched', 'waiting'] as const;

/** `POST /v1/scans/search`. In a patient-bound session `chartNumber` must be absent or the session's. */
export const searchScansSchema = v.object({
  chartNumber: v.optional(chartNumber),
  /** `unread`, `unmatched` (clinic-wide only), `waiting` (a file is missing), or a phase. */
  status: v.optional(v.picklist([...SCAN_FILTERS, ...PHASES])),
  from: v.optional(isoTime),
  to: v.optional(isoTime),
  cursor: v.optional(cursor),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 50),
});
export type SearchScans = v.InferInput<typeof searchScansSchema>;

export const scanListSchema = v.object({
  items: v.array(scanSchema),
  nextCursor: v.nullable(v.string()),
  /** Over everything this session may see, whatever the filter. */
  unread: v.number(),
  unmatched: v.number(),
  total: v.number(),
});
export type ScanList = v.InferOutput<typeof scanListSchema>;

export const markReadSchema = v.object({ version: v.string(), read: v.optional(v.boolean(), true) });
export const unreadSchema = v.object({ unread: v.number() });

/** `GET /v1/scans/{orderId}/rx`: the whole prescription with names resolved, as labelled rows to show. */
export const fullRxSchema = v.object({
  rxId: v.string(),
  rows: v.array(v.object({ label: v.string(), value: v.string() })),
  teeth: v.array(
    v.object({
      adaId: v.number(),
      restoration: v.nullable(v.string()),
      material: v.nullable(v.string()),
      shade: v.nullable(v.string()),
    }),
  ),
  notes: v.nullable(v.string()),
});
export type FullRx = v.InferOutput<typeof fullRxSchema>;
