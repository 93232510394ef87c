import { invalidRequest } from '../api-error.ts';
import type { Problem422Fields } from '../model.ts';
import { isObject } from '../request-body.ts';

/** Reads a body property by property and collects what is wrong with it, all at once. `null` equals absent (align-api §9). */
export interface Reader {
  text(name: string, longest?: number): string;
  optionalText(name: string, longest: number): string | undefined;
  wholeNumber(name: string): number;
  optionalDate(name: string): string | undefined;
  /** The entry of a list whose id this is; ids may come as numbers or strings. */
  oneOf<T>(name: string, list: readonly T[], id: (item: T) => number | string): T | undefined;
  optionalOneOf<T>(name: string, list: readonly T[], id: (item: T) => number | string): T | undefined;
  object(name: string, known: readonly string[]): Reader;
  list(name: string, known: readonly string[], longest: number): Reader[];
  fault(name: string, why: string): void;
  /** @throws 422 with every fault found. */
  done(): void;
}

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

export function isIsoDate(text: string): boolean {
  if (!ISO_DATE.test(text) || Number.isNaN(Date.parse(text))) return false;
  // Date.parse takes 31 February for 3 March.
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

export function createReader(
  source: Record<string, unknown>,
  known: readonly string[],
  faults: Problem422Fields = {},
  prefix = '',
): Reader {
  const at = (name: string): string => `${prefix}${name}`;
  const fault = (name: string, why: string): void => {
    faults[at(name)] ??= why;
  };
  const valueOf = (name: string): unknown => source[name] ?? undefined;
  // Writers are exact (align-api §9): a name nobody knows is a slip of the caller's.
  for (const name of Object.keys(source)) if (!known.includes(name)) fault(name, 'is not known');

  function optionalText(name: string, longest: number): string | undefined {
    const value = valueOf(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string') fault(name, 'must be text');
    else if (value.length > longest) fault(name, `must not be longer than ${longest}`);
    else return value;
    return undefined;
  }

  function optionalOneOf<T>(name: string, list: readonly T[], id: (item: T) => number | string): T | undefined {
    const value = valueOf(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') {
      fault(name, 'must be a number or text');
      return undefined;
    }
    const found = list.find((item) => String(id(item)) === String(value));
    if (found === undefined) fault(name, 'is not in the practice configuration');
    return found;
  }

  return {
    fault,
    optionalText,
    optionalOneOf,
    text(name, longest = 200) {
      const before = Object.keys(faults).length;
      const value = optionalText(name, longest);
      if (value !== undefined && value.trim() !== '') return value;
      if (Object.keys(faults).length === before) fault(name, value === undefined ? 'is missing' : 'must not be empty');
      return '';
    },
    wholeNumber(name) {
      const value = valueOf(name);
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      fault(name, value === undefined ? 'is missing' : 'must be a whole number');
      return 0;
    },
    optionalDate(name) {
      const value = optionalText(name, 40);
      if (value === undefined || isIsoDate(value)) return value;
      fault(name, 'must be an ISO 8601 date');
      return undefined;
    },
    oneOf(name, list, id) {
      if (valueOf(name) === undefined) fault(name, 'is missing');
      return optionalOneOf(name, list, id);
    },
    object(name, names) {
      const value = valueOf(name);
      if (isObject(value)) return createReader(value, names, faults, `${at(name)}.`);
      fault(name, value === undefined ? 'is missing' : 'must be an object');
      // What is inside of nothing is not worth a word of its own.
      return createReader({}, names, {});
    },
    list(name, names, longest) {
      const value = valueOf(name);
      if (value === undefined) return [];
      if (!Array.isArray(value) || value.length > longest) {
        fault(name, `must be a list of ${longest} at most`);
        return [];
      }
      return value.map((item: unknown, index) => {
        if (isObject(item)) return createReader(item, names, faults, `${at(name)}[${index}].`);
        fault(`${name}[${index}]`, 'must be an object');
        return createReader({}, names, {});
      });
    },
    done() {
      if (Object.keys(faults).length > 0) throw invalidRequest(faults);
    },
  };
}
