import * as v from 'valibot';
import { chartNumber, cursor, isoDate, personName } from './primitives.ts';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(128));

export const patientIdentitySchema = v.object({
  firstName: personName,
  lastName: personName,
  chartNumber,
  dateOfBirth: v.optional(isoDate),
});
export type PatientIdentity = v.InferOutput<typeof patientIdentitySchema>;

/** `adaId`: universal 1–32, the wire's numbering; primary teeth do not exist on it. */
export const toothSchema = v.object({
  adaId: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(32)),
  restorationType: v.optional(v.pipe(v.string(), v.maxLength(64))),
  materialId: v.optional(id),
  shade: v.optional(v.pipe(v.string(), v.maxLength(32))),
});
export type Tooth = v.InferOutput<typeof toothSchema>;

/** `POST /v1/scan-requests`. */
export const scanRequestDraftSchema = v.object({
  patient: patientIdentitySchema,
  doctorId: id,
  scannerSerialNumber: v.optional(id),
  labId: v.optional(id),
  procedureId: id,
  procedureTypeId: v.optional(id),
  teeth: v.optional(v.pipe(v.array(toothSchema), v.maxLength(32))),
  dueDate: v.optional(isoDate),
  notes: v.optional(v.pipe(v.string(), v.maxLength(4000))),
});
export type ScanRequestDraft = v.InferOutput<typeof scanRequestDraftSchema>;

/**
 * `sending` the call runs; `sent` open on the scanner; `unconfirmed` no clear answer, never sent again by itself;
 * `refused` iTero said no; `scanned` a case came for it; `cancelled`.
 */
export const REQUEST_STATES = ['sending', 'sent', 'unconfirmed', 'refused', 'scanned', 'cancelled'] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

export const scanRequestSchema = v.object({
  id: v.string(),
  state: v.picklist(REQUEST_STATES),
  rxId: v.nullable(v.string()),
  orderId: v.nullable(v.string()),
  /** For `unconfirmed`: a later order with the same identity and an RX we did not send. */
  possibleOrderId: v.nullable(v.string()),
  patient: v.object({ firstName: v.string(), lastName: v.string(), chartNumber: v.string() }),
  procedure: v.string(),
  procedureType: v.nullable(v.string()),
  doctor: v.nullable(v.string()),
  teeth: v.array(v.number()),
  dueDate: v.nullable(v.string()),
  createdAt: v.string(),
  /** Who pressed Send, and whose Align login carried it when that was another person's. */
  createdBy: v.string(),
  sentThrough: v.nullable(v.string()),
  problem: v.nullable(v.string()),
});
export type ScanRequest = v.InferOutput<typeof scanRequestSchema>;

export const searchScanRequestsSchema = v.object({
  chartNumber: v.optional(chartNumber),
  open: v.optional(v.boolean()),
  cursor: v.optional(cursor),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)), 50),
});
export const scanRequestListSchema = v.object({
  items: v.array(scanRequestSchema),
  nextCursor: v.nullable(v.string()),
});
export type ScanRequestList = v.InferOutput<typeof scanRequestListSchema>;

/** `POST /v1/scan-requests/check`: the patient guard. */
export const checkPatientSchema = v.object({ patient: patientIdentitySchema });

/**
 * What is known *here*, no more: `same` this very identity was seen under this chart number; `different` the chart
 * number was seen with another name; `unknown` nothing was seen under it. `other_chart` (clinic-wide sessions only):
 * the same name was seen under another chart number.
 */
export const patientCheckSchema = v.object({
  verdict: v.picklist(['same', 'different', 'unknown']),
  known: v.nullable(
    v.object({ firstName: v.string(), lastName: v.string(), chartNumber: v.string(), lastSeenAt: v.string() }),
  ),
  otherCharts: v.array(v.string()),
  /** Requests for this chart that are open or unconfirmed. */
  openRequests: v.array(v.object({ id: v.string(), state: v.picklist(REQUEST_STATES), createdAt: v.string() })),
});
export type PatientCheck = v.InferOutput<typeof patientCheckSchema>;

/** `PATCH /v1/patients`: correct a name upstream; the chart number stays. */
export const correctPatientSchema = v.object({
  chartNumber,
  firstName: personName,
  lastName: personName,
  newFirstName: personName,
  newLastName: personName,
});
export type CorrectPatient = v.InferOutput<typeof correctPatientSchema>;
