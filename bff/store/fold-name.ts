/** Letters that Unicode does not take apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};
/** An index entry must stay short, whatever upstream calls a person. */
const LONGEST = 100;
const STEM = 3;

/** Columns by which a name is looked for: kept beside the name, so that the database compares plain text only. */
export interface NameKeys {
  readonly first_key: string;
  readonly last_key: string;
  /** The first letters of the last name: what a mistyped one most often still begins with. */
  readonly stem: string;
}

/**
 * A name as people mean it when they look for it: without case, accents, punctuation and double blanks. For finding alone:
 * whose case it is compares exactly (rules.md "Whose scan is it").
 */
export function foldName(name: string): string {
  const folded = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøđðłþı]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/['’`.]/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return Array.from(folded).slice(0, LONGEST).join('').trim();
}

export function toNameKeys(firstName: string, lastName: string): NameKeys {
  const last = foldName(lastName);
  return { first_key: foldName(firstName), last_key: last, stem: toStem(last) };
}

/** @param folded a folded last name */
export function toStem(folded: string): string {
  return Array.from(folded).slice(0, STEM).join('');
}
