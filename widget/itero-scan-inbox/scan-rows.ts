import type { Scan, ScanDetail } from '../../shared/scan.ts';

export type History = ScanDetail['history'];
export type Recheck = ScanDetail['recheck'];

/**
 * One case as the list holds it. `asked`: number of the request whose answer this is, growing over the element's life,
 * so that answers which overtake each other can be told apart. `linksAt`: when its links were made (ms, local clock).
 */
export interface Row {
  readonly scan: Scan;
  /** Known once the case was read by itself; a newer version drops it until it is read again. */
  readonly history: History | null;
  /** How a missing file is looked for; as old as the history. */
  readonly recheck: Recheck;
  readonly asked: number;
  readonly linksAt: number;
}

/** A place in the list: its order is by last modification, newest first, then by order id as text: the server's order. */
export type Place = Pick<Scan, 'modifiedAt' | 'orderId'>;

export function byNewest(a: Place, b: Place): number {
  if (a.modifiedAt !== b.modifiedAt) {
    // Both in the BFF's own format: text order is time order, and 10,000 rows are not parsed for one arrival.
    if (a.modifiedAt.length === 24 && b.modifiedAt.length === 24) return b.modifiedAt > a.modifiedAt ? 1 : -1;
    const time = Date.parse(b.modifiedAt) - Date.parse(a.modifiedAt);
    if (time !== 0) return time;
  }
  return b.orderId > a.orderId ? 1 : b.orderId < a.orderId ? -1 : 0;
}

/**
 * Two looks at one case → the one to show. A newer version always wins (rules.md "Versions": an older answer adds
 * nothing); within one version, whose files' state and read mark may change, the answer that was asked for later.
 */
export function newer(known: Row, answer: Row): Row {
  const ahead = answer.scan.versionNumber - known.scan.versionNumber;
  if (ahead < 0 || (ahead === 0 && answer.asked < known.asked)) {
    const later = answer.asked > known.asked ? { ...known, asked: answer.asked } : known;
    return ahead === 0 && known.history === null ? withDetail(later, answer) : later;
  }
  return ahead > 0 || answer.history !== null ? answer : withDetail(answer, known);
}

/** What only a look at the case itself tells, of the same version. */
function withDetail(row: Row, { scan, history, recheck }: Row): Row {
  const full = new Map(scan.thumbnails.map((picture) => [picture.view, picture.full]));
  const thumbnails = row.scan.thumbnails.map((picture) => ({
    ...picture,
    full: picture.full ?? full.get(picture.view) ?? null,
  }));
  return { ...row, scan: { ...row.scan, thumbnails }, history, recheck };
}

/** Puts rows into the list, each case once, in order. The list given must be in order and is not changed. */
export function putRows(rows: readonly Row[], answers: readonly Row[]): readonly Row[] {
  if (answers.length === 0) return rows;
  const byId = new Map(answers.map((row) => [row.scan.orderId, row]));
  const others: Row[] = [];
  const placed: Row[] = [];
  for (const known of rows) {
    const answer = byId.get(known.scan.orderId);
    if (answer === undefined) {
      others.push(known);
      continue;
    }
    byId.delete(known.scan.orderId);
    placed.push(newer(known, answer));
  }
  placed.push(...byId.values());
  placed.sort((a, b) => byNewest(a.scan, b.scan));
  return interleave(others, placed);
}

function interleave(left: readonly Row[], right: readonly Row[]): Row[] {
  const merged: Row[] = [];
  let next = 0;
  for (const row of left) {
    for (let candidate = right[next]; candidate !== undefined; candidate = right[next]) {
      if (byNewest(candidate.scan, row.scan) > 0) break;
      merged.push(candidate);
      next += 1;
    }
    merged.push(row);
  }
  return merged.concat(right.slice(next));
}

/** How many rows stand before or at a place. Rows must be in order. */
export function countUpTo(rows: readonly Row[], place: Place | null): number {
  if (place === null) return 0;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && byNewest(row.scan, place) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
