import { foldName } from '../store/fold-name.ts';

export interface PersonName {
  readonly firstName: string;
  readonly lastName: string;
}

/** A longer name bears two slips of the finger, a shorter one only one. */
const LONG = 6;
const SHORTEST = 3;

/** Whether what somebody typed means this person: the last name or its beginning, or both names in either order. */
export function isMeant(text: string, name: PersonName): boolean {
  const typed = foldName(text);
  if (typed === '') return false;
  const [first, last] = [foldName(name.firstName), foldName(name.lastName)];
  if (typed === last || typed === `${first} ${last}` || typed === `${last} ${first}`) return true;
  return typed.length >= SHORTEST && last.startsWith(typed);
}

/** Whether what somebody typed may be this person, mistyped by one or two letters. */
export function isSimilar(text: string, name: PersonName): boolean {
  const typed = foldName(text);
  const [first, last] = [foldName(name.firstName), foldName(name.lastName)];
  return [last, `${first} ${last}`, `${last} ${first}`].some((whole) => isSlip(typed, whole));
}

/** Whether two names may be one person's: equal, with the two names exchanged, or mistyped by one or two letters. */
export function mayBeSame(a: PersonName, b: PersonName): boolean {
  return isSimilar(`${a.firstName} ${a.lastName}`, b);
}

function isSlip(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < SHORTEST) return a !== '' && a === b;
  const allowed = Math.min(a.length, b.length) >= LONG ? 2 : 1;
  return Math.abs(a.length - b.length) <= allowed && distance(a, b) <= allowed;
}

/** Letters left out, put in, changed or exchanged with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(last, j - 1) + Number(a[i - 1] !== b[j - 1]);
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, change);
      const exchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (exchanged) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
