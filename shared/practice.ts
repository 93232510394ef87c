import * as v from 'valibot';

const named = v.object({ id: v.string(), name: v.string() });

/** `GET /v1/practice`: what a scan request can be made of. Inactive entries are left out of choices. */
export const practiceSchema = v.object({
  account: named,
  doctors: v.array(
    v.object({ id: v.string(), name: v.string(), type: v.nullable(v.string()), selectable: v.boolean() }),
  ),
  /** Scanners before Element 1 are listed as unsupported, not selectable. */
  scanners: v.array(
    v.object({ serialNumber: v.string(), name: v.string(), model: v.nullable(v.string()), supported: v.boolean() }),
  ),
  labs: v.array(named),
  procedures: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      types: v.array(v.object({ id: v.string(), name: v.string(), needsTeeth: v.boolean() })),
    }),
  ),
  /** Restoration vocabulary for procedures per tooth. */
  restorationTypes: v.array(v.string()),
  materials: v.array(named),
  shades: v.array(v.string()),
  fetchedAt: v.string(),
});
export type Practice = v.InferOutput<typeof practiceSchema>;
