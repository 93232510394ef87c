/** One line of the table: ours, the peer's from the same run, and the bar of bars.md. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer?: Peer;
  /** Ours divided by the peer's, or ours itself where there is no peer. */
  readonly result: number;
  readonly bar: string;
  readonly met: boolean;
  /** What both sides do, and whatever else a reader must know. */
  readonly note?: string;
}

/** A line that could not be measured here, and why. */
export interface Unmeasured {
  readonly what: string;
  readonly bar: string;
  readonly unmeasured: string;
}

export type Line = Figure | Unmeasured;

interface Peer {
  readonly name: string;
  readonly value: number;
}

interface Measured {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer?: Peer;
  readonly note?: string;
  /** The bar: of the ratio where there is a peer, else of ours. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function toFigure(measured: Measured): Figure {
  const { atLeast, atMost, ...rest } = measured;
  const result = rest.peer === undefined ? rest.ours : rest.ours / rest.peer.value;
  const unit = rest.peer === undefined ? ` ${rest.unit}` : '×';
  const bars = [
    ...(atLeast === undefined ? [] : [`≥ ${atLeast}${unit}`]),
    ...(atMost === undefined ? [] : [`≤ ${atMost}${unit}`]),
  ];
  const met = result >= (atLeast ?? -Infinity) && result <= (atMost ?? Infinity);
  return { ...rest, result, bar: bars.join(', '), met };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) throw new Error('No values to take a median of.');
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new Error('No values to take a percentile of.');
  return value;
}

/** Ours and the peer's turn by turn, so that a noisy minute hits both; the median of each. Who begins alternates. */
export async function interleave(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<{ readonly ours: number; readonly peer: number }> {
  const [first = NaN, second = NaN] = await turns(rounds, [ours, peer]);
  return { ours: first, peer: second };
}

/** The same for more than two. @returns the median of each, in their order */
export async function turns(rounds: number, sides: readonly (() => Promise<number>)[]): Promise<number[]> {
  const values = sides.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < sides.length; turn += 1) {
      const side = (turn + round) % sides.length;
      values[side]?.push((await sides[side]?.()) ?? NaN);
    }
  }
  return values.map(median);
}

const digits = (value: number): string =>
  Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en-US')
    : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

function toCells(line: Line): string[] {
  if ('unmeasured' in line) return [line.what, line.unmeasured, '', '', line.bar, 'not measured'];
  const { what, unit, ours, peer, result, bar, met } = line;
  return [
    what,
    `${digits(ours)} ${unit}`,
    peer === undefined ? '' : `${digits(peer.value)} ${unit} (${peer.name})`,
    peer === undefined ? '' : `${digits(result)}×`,
    bar,
    met ? 'yes' : '**no**',
  ];
}

export function toTable(lines: readonly Line[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const notes = lines.flatMap((line) =>
    'note' in line && line.note !== undefined ? [`- ${line.what}: ${line.note}`] : [],
  );
  return [
    row(['what', 'ours', 'peer, same run', 'ratio', 'bar', 'met']),
    row(['---', '---', '---', '---', '---', '---']),
    ...lines.map((line) => row(toCells(line))),
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}
