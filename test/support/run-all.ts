/**
 * `npm test`: every check and every kind of test, one after another (two cores), then one closing line that CI reads.
 * Output of a step that passes stays short; of one that fails it is shown whole.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';

interface Count {
  readonly passed: number;
  readonly failed: number;
}

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Where the step leaves its figures; without it the step counts as one. */
  readonly count?: () => Count;
}

const results = mkdtempSync(join(tmpdir(), 'itero-test-'));
const quick = process.argv.includes('--quick');
const at = (name: string): string => join(results, name);

function countVitest(file: string): Count {
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
    numPendingTests: number;
    success: boolean;
  };
  if (report.numPendingTests > 0)
    console.error(`${report.numPendingTests} tests were skipped: that counts as failure.`);
  const failed = report.numFailedTests + report.numPendingTests;
  // A file that does not even load has no failed test, only a failed suite.
  return {
    passed: report.numPassedTests,
    failed: failed > 0 || report.success ? failed : Math.max(1, report.numFailedTestSuites),
  };
}

function vitest(project: string): Step {
  const file = at(`${project}.json`);
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
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    count: () => countVitest(file),
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
    count: () => JSON.parse(readFileSync(at('dom.json'), 'utf8')) as Count,
  },
  ...(quick ? [] : [vitest('e2e')]),
];

function run(step: Step): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(step.command, step.args, {
      stdio: 'inherit',
      env: { ...process.env, ITERO_DOM_RESULTS: at('dom.json'), FORCE_COLOR: '0' },
    });
    child.on('error', (error) => {
      console.error(`${step.command}: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function figures(step: Step, code: number): Count {
  const one = code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  if (step.count === undefined) return one;
  try {
    const counted = step.count();
    // Exit code and report must agree; where they do not, the code wins.
    return code !== 0 && counted.failed === 0 ? { passed: counted.passed, failed: 1 } : counted;
  } catch (error) {
    console.error(`${step.name} left no result: ${String(error)}`);
    return { passed: 0, failed: 1 };
  }
}

process.env['CHROME_PATH'] = await findChromium();
let passed = 0;
let failed = 0;
for (const step of steps) {
  const started = performance.now();
  console.log(`\n── ${step.name}`);
  const count = figures(step, await run(step));
  passed += count.passed;
  failed += count.failed;
  console.log(
    `── ${step.name}: ${count.passed} passed, ${count.failed} failed, ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
rmSync(results, { recursive: true, force: true });
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
