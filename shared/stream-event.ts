import * as v from 'valibot';

/**
 * Types of the stream and of the vendor's webhook. Events are thin: ids only, no names, no chart numbers, no URLs.
 * `heartbeat` and `stream.reset` are the stream's own and are never kept.
 */
export const EVENT_TYPES = [
  'pairing.created',
  'pairing.removed',
  'pairing.backfilled',
  'scan_request.sent',
  'scan_request.cancelled',
  'scan_request.unconfirmed',
  'scan.received',
  'scan.updated',
  'scan.removed',
  'scan.asset_ready',
  'scan.asset_missing',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** `pairing.*`: `reason` tells why a pairing ended; `count` how many cases the first listing found. */
export const eventDataSchema = v.object({
  orderId: v.optional(v.string()),
  requestId: v.optional(v.string()),
  version: v.optional(v.string()),
  asset: v.optional(v.picklist(['ide', 'gallery', 'captures'])),
  reason: v.optional(v.picklist(['paired', 'unpaired', 'lost', 'needs_login'])),
  count: v.optional(v.number()),
});
export type EventData = v.InferOutput<typeof eventDataSchema>;

/** `id` grows strictly per tenant; a reader sees holes, loss is told by `stream.reset` alone. */
export const streamEventSchema = v.object({
  id: v.string(),
  type: v.picklist(EVENT_TYPES),
  data: eventDataSchema,
});
export type StreamEvent = v.InferOutput<typeof streamEventSchema>;

export const HEARTBEAT_MS = 10_000;
/** A reader that heard nothing for this long takes the connection for dead (ms). */
export const HEARTBEAT_TIMEOUT_MS = 20_000;
