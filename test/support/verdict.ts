/** What one step of `npm test` leaves for its last lines: each runner's reporter writes this shape. */
export interface Verdict {
  readonly passed: number;
  /** A test that was skipped, a file that did not load and an error outside of every test count as failed. */
  readonly failed: number;
  readonly failures: readonly Failure[];
  /** Passed, but not at the first turn: each of them is a fault of the test or of the product that is still to be found. */
  readonly secondTurn: readonly Failure[];
}

export interface Failure {
  /** File and full name of the test. */
  readonly test: string;
  readonly why: string;
}

const LINES = 12;

function indented({ test, why }: Failure): string {
  const lines = why
    .trim()
    .split('\n')
    .filter((line) => !/node_modules|node:internal/.test(line))
    .slice(0, LINES);
  return [`  ✗ ${test}`, ...lines.map((line) => `      ${line.slice(0, 300)}`)].join('\n');
}

/** The closing lines of `npm test`: CI keeps only the end of what is printed, so the names stand there. */
export function describeVerdicts(verdicts: readonly Verdict[]): string {
  const failures = verdicts.flatMap((one) => one.failures);
  const secondTurn = verdicts.flatMap((one) => one.secondTurn);
  return [
    ...(secondTurn.length === 0 ? [] : ['── passed at the second turn only', ...secondTurn.map(indented)]),
    ...(failures.length === 0 ? [] : ['── failed', ...failures.map(indented)]),
  ].join('\n');
}
