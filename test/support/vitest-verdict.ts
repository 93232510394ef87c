import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { Failure, Verdict } from './verdict.ts';

interface Thrown {
  readonly message: string;
  readonly stack?: string;
}

const why = (errors: readonly Thrown[] | undefined): string =>
  (errors ?? []).map((error) => error.stack ?? error.message).join('\n');

const failure = (test: TestCase): Failure => {
  const result = test.result();
  return {
    test: `${test.module.relativeModuleId} > ${test.fullName}`,
    why: result.state === 'skipped' ? 'was skipped: that counts as failure' : why(result.errors),
  };
};

/** Hook and import errors: they stand at the suite, and its tests only did not run. */
function suiteFailures(module: TestModule): Failure[] {
  return [module, ...module.children.allSuites()]
    .filter((suite) => suite.errors().length > 0)
    .map((suite) => ({
      test: suite.type === 'module' ? module.relativeModuleId : `${module.relativeModuleId} > ${suite.fullName}`,
      why: why(suite.errors()),
    }));
}

/** Leaves the {@link Verdict} of a vitest run in the file that the environment names. */
export default class VitestVerdict implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Thrown[]): void {
    const file = process.env['ITERO_VERDICT'];
    if (file === undefined) return;
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed');
    const failures = [
      ...tests.filter((test) => test.result().state !== 'passed').map(failure),
      ...modules.flatMap(suiteFailures),
      ...unhandled.map((error) => ({ test: 'an error outside of every test', why: why([error]) })),
    ];
    const verdict: Verdict = {
      passed: passed.length,
      failed: failures.length,
      failures,
      secondTurn: passed.filter((test) => test.diagnostic()?.flaky === true).map(failure),
    };
    writeFileSync(file, JSON.stringify(verdict));
  }
}
