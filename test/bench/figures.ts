/** One line of the table: ours, the peer's from the same run, and the bar of bars.md. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer?: { readonly name: string; readonly value: number };
  /** Ours divided by the peer's, or ours itself where there is no peer. */
  readonly result: number;
  readonly bar: string;
  readonly met: boolean;
  readonly note?: string;
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

/** Ours and the peer's turn by turn, so that a noisy minute hits both; the median of each. */
export async function interleave(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<{ readonly ours: number; readonly peer: number }> {
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    a.push(await ours());
    b.push(await peer());
  }
  return { ours: median(a), peer: median(b) };
}

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export function toTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${digits(figure.ours)} ${figure.unit}`,
    figure.peer === undefined ? '' : `${digits(figure.peer.value)} ${figure.unit} (${figure.peer.name})`,
    figure.peer === undefined ? '' : `${digits(figure.result)}×`,
    figure.bar,
    figure.met ? 'yes' : '**no**',
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['what', 'ours', 'peer, same run', 'ratio', 'bar', 'met']),
    line(['---', '---', '---', '---', '---', '---']),
    ...rows.map(line),
    ...figures.filter((figure) => figure.note !== undefined).map((figure) => `\n${figure.what}: ${figure.note}`),
  ].join('\n');
}
