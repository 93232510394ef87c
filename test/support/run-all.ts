/**
 * `npm test`: every check and every kind of test, one after another (two cores), then one closing line that CI reads.
 * The names of what failed, and of what passed at the second turn only, stand right before it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';
import { describeVerdicts, type Verdict } from './verdict.ts';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it leaves a {@link Verdict}; without it the step counts as one. */
  readonly runner?: boolean;
}

const results = mkdtempSync(join(tmpdir(), 'itero-test-'));
const quick = process.argv.includes('--quick');
const verdictFile = join(results, 'verdict.json');

function vitest(project: string): Step {
  return {
    name: `vitest ${project}`,
    command: 'vitest',
    args: [
      'run',
      '--config',
      'test/vitest.config.ts',
      '--project',
      project,
      '--reporter=default',
      '--reporter=test/support/vitest-verdict.ts',
    ],
    runner: true,
  };
}

const steps: readonly Step[] = [
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['-b'] },
  { name: 'config schema is current', command: 'node', args: ['bff/config-schema.ts', '--check'] },
  { name: 'bundle', command: 'vite', args: ['build', '--logLevel', 'warn'] },
  vitest('node'),
  vitest('postgres'),
  {
    name: 'browser elements',
    command: 'wtr',
    args: ['--config', 'test/web-test-runner.config.js'],
    runner: true,
  },
  ...(quick ? [] : [vitest('e2e')]),
];

function run(step: Step): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, {
      stdio: 'inherit',
      env: { ...process.env, ITERO_VERDICT: verdictFile, FORCE_COLOR: '0' },
    });
    child.on('error', (error) => {
      console.error(`${step.command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function verdictOf(step: Step, code: number): Verdict {
  const failure = (why: string): Verdict => ({
    passed: 0,
    failed: 1,
    failures: [{ test: step.name, why }],
    secondTurn: [],
  });
  const one = code === 0 ? { passed: 1, failed: 0, failures: [], secondTurn: [] } : failure(`exit code ${code}`);
  if (step.runner !== true) return one;
  try {
    const left = JSON.parse(readFileSync(verdictFile, 'utf8')) as Verdict;
    // Exit code and report must agree; where they do not, the code wins.
    return code !== 0 && left.failed === 0 ? { ...failure(`exit code ${code}`), passed: left.passed } : left;
  } catch (error) {
    return failure(`left no result: ${String(error)}`);
  }
}

process.env['CHROME_PATH'] = await findChromium();
const verdicts: Verdict[] = [];
for (const step of steps) {
  const started = performance.now();
  console.log(`\n── ${step.name}`);
  rmSync(verdictFile, { force: true });
  const verdict = verdictOf(step, await run(step));
  verdicts.push(verdict);
  console.log(
    `── ${step.name}: ${verdict.passed} passed, ${verdict.failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
rmSync(results, { recursive: true, force: true });
const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((total, one) => total + of(one), 0);
const passed = sum((one) => one.passed);
const failed = sum((one) => one.failed);
console.log(`\n${describeVerdicts(verdicts)}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
