import * as v from 'valibot';

/** A value of unknown origin, typed; undefined when it does not fit. Where it does not fit is of no use to a person. */
export function fitting<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> | undefined {
  const outcome = v.safeParse(schema, value);
  return outcome.success ? outcome.output : undefined;
}

/** JSON text → typed value; undefined when it is no JSON or does not fit. */
export function readJson<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  try {
    return fitting(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
