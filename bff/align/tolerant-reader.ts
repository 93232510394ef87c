import { AlignFault } from './port.ts';

/** Characters: an index of the database must hold it. */
const LONGEST_EXACT = 500;

/**
 * Reads one JSON object as align-api §9 wants it: property names match without regard to case or underscores, ids come
 * as numbers or strings, null equals absent, what is unknown is ignored. What is needed and is not there is a
 * `wrong_shape` fault that names the property, so that nothing is ever half read.
 */
export class TolerantReader {
  readonly #operation: string;
  readonly #path: string;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(operation: string, value: unknown, path = '') {
    this.#operation = operation;
    this.#path = path;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.fault('');
    const values = new Map<string, unknown>();
    for (const [name, entry] of Object.entries(value)) {
      const key = fold(name);
      // `rx_id: null` beside `rxId: "…"`: the one that says something counts.
      if (entry !== null && entry !== undefined && !values.has(key)) values.set(key, entry);
    }
    this.#values = values;
  }

  fault(property: string): AlignFault {
    const where = [this.#path, property].filter((part) => part !== '').join('.');
    return new AlignFault('wrong_shape', this.#operation, { property: where === '' ? 'body' : where });
  }

  has(name: string): boolean {
    return this.#values.has(fold(name));
  }

  text(name: string): string {
    return this.optionalText(name) ?? this.#lacks(name);
  }

  optionalText(name: string): string | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    if (typeof value !== 'string') throw this.fault(name);
    return storable(value);
  }

  id(name: string): string {
    return this.optionalId(name) ?? this.#lacks(name);
  }

  optionalId(name: string): string | null {
    const value = this.#get(name);
    if (value === undefined || value === '') return null;
    // A number beyond 2^53 was rounded by JSON already: a wrong id is worse than none.
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    if (typeof value !== 'string' || value.length > 128) throw this.fault(name);
    return value.trim() === '' ? null : storable(value.trim());
  }

  /** An id whose very characters count, spaces too. */
  optionalExact(name: string): string | null {
    const value = this.#get(name);
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    const text = this.optionalText(name);
    if (text !== null && text.length > LONGEST_EXACT) throw this.fault(name);
    return text;
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#lacks(name);
  }

  optionalNumber(name: string): number | null {
    const value = this.#get(name);
    if (value === undefined || value === '') return null;
    const read = typeof value === 'string' ? Number(value) : value;
    if (typeof read !== 'number' || !Number.isFinite(read)) throw this.fault(name);
    return read;
  }

  optionalBoolean(name: string): boolean | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw this.fault(name);
  }

  time(name: string): number {
    return this.optionalTime(name) ?? this.#lacks(name);
  }

  /** ISO 8601 → ms since the epoch; without a zone it is UTC (align-api §9). */
  optionalTime(name: string): number | null {
    const text = this.optionalText(name);
    if (text === null || text === '') return null;
    const read = Date.parse(toInstant(text) ?? '');
    if (Number.isNaN(read)) throw this.fault(name);
    return read;
  }

  object(name: string): TolerantReader {
    return this.optionalObject(name) ?? this.#lacks(name);
  }

  optionalObject(name: string): TolerantReader | null {
    const value = this.#get(name);
    return value === undefined ? null : new TolerantReader(this.#operation, value, this.#at(name));
  }

  list<T>(name: string, read: (entry: TolerantReader) => T): T[] {
    return this.optionalList(name, read) ?? this.#lacks(name);
  }

  optionalList<T>(name: string, read: (entry: TolerantReader) => T): T[] | null {
    const value = this.#get(name);
    if (value === undefined) return null;
    if (!Array.isArray(value)) throw this.fault(name);
    const entries: readonly unknown[] = value;
    return entries.map((entry, index) =>
      read(new TolerantReader(this.#operation, entry, `${this.#at(name)}[${index}]`)),
    );
  }

  /** Entry by entry: one that cannot be read does not hide the others, and is named by `salvage` (null: no object at all). */
  partialList<T, U>(
    name: string,
    read: (entry: TolerantReader) => T,
    salvage: (entry: TolerantReader | null, fault: AlignFault) => U,
  ): { read: T[]; unreadable: U[] } {
    const value = this.#get(name);
    if (!Array.isArray(value)) throw this.fault(name);
    const lists = { read: [] as T[], unreadable: [] as U[] };
    for (const [index, one] of (value as readonly unknown[]).entries()) {
      let entry: TolerantReader | null = null;
      try {
        entry = new TolerantReader(this.#operation, one, `${this.#at(name)}[${index}]`);
        lists.read.push(read(entry));
      } catch (error) {
        if (!(error instanceof AlignFault)) throw error;
        lists.unreadable.push(salvage(entry, error));
      }
    }
    return lists;
  }

  /** What can be had of something that is not readable as a whole. */
  salvage<T>(read: (entry: TolerantReader) => T): T | null {
    try {
      return read(this);
    } catch (error) {
      if (error instanceof AlignFault) return null;
      throw error;
    }
  }

  /** For what has no fixed shape: folded name → value. */
  entries(): IterableIterator<[string, unknown]> {
    return this.#values.entries();
  }

  #get(name: string): unknown {
    return this.#values.get(fold(name));
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #lacks(name: string): never {
    throw this.fault(name);
  }
}

/** As every database keeps it: what is read again must equal what was kept, or it is news at each listing. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** ISO 8601 as upstreams write it: a blank for the T, zones of two or four digits, none for UTC. Null: not a time. */
function toInstant(text: string): string | null {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(text);
  if (match === null) return null;
  const [, day, time, zone = 'Z'] = match;
  if (time === undefined) return `${day}T00:00Z`;
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return `${day}T${time.replace(',', '.')}${sign === undefined ? 'Z' : `${sign}${hours}:${minutes}`}`;
}

function fold(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}
