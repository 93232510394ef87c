import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultReporter } from '@web/test-runner';
import { esbuildPlugin } from '@web/dev-server-esbuild';
import { chromeLauncher } from '@web/test-runner-chrome';
import { findChromium } from './support/chromium.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Leaves the `Verdict` (support/verdict.ts) where `npm test` adds them up. */
function verdictReporter(file) {
  const tests = (suite, path) => [
    ...suite.tests.map((test) => ({ ...test, fullName: [...path, test.name].join(' > ') })),
    ...suite.suites.flatMap((inner) => tests(inner, [...path, inner.name])),
  ];
  // support/dom/page.ts writes it to the page's console.
  const secondTurns = ({ testFile, logs }) =>
    logs
      .filter(([said]) => String(said).startsWith('passed at the second turn only'))
      .map(([, test]) => ({ test: `${relative(root, testFile)} > ${test}`, why: 'failed at the first turn' }));
  const why = (errors) =>
    errors.map((error) => `${error?.message ?? 'no reason given'}\n${error?.stack ?? ''}`).join('\n');
  return {
    onTestRunFinished({ sessions }) {
      let passed = 0;
      const failures = [];
      for (const session of sessions) {
        const name = relative(root, session.testFile);
        const all = session.testResults ? tests(session.testResults, []) : [];
        const broken = all.filter((test) => !test.passed || test.skipped);
        passed += all.length - broken.length;
        for (const test of broken)
          failures.push({
            test: `${name} > ${test.fullName}`,
            why: test.skipped ? 'was skipped: that counts as failure' : why([test.error]),
          });
        // A file that does not load has no tests at all, only errors.
        if (broken.length === 0 && !session.passed) failures.push({ test: name, why: why(session.errors) });
      }
      const secondTurn = sessions.flatMap(secondTurns);
      writeFileSync(file, JSON.stringify({ passed, failed: failures.length, failures, secondTurn }));
    },
  };
}

const verdict = process.env.ITERO_VERDICT;

export default {
  reporters: [
    defaultReporter({ reportTestResults: true, reportTestProgress: false }),
    ...(verdict === undefined ? [] : [verdictReporter(verdict)]),
  ],
  rootDir: root,
  files: ['test/**/*.dom.test.ts'],
  nodeResolve: { exportConditions: ['development', 'browser', 'import', 'default'] },
  concurrency: 2,
  testsFinishTimeout: 400_000,
  browsers: [
    chromeLauncher({
      // Two files run at once, each in its own page, and only one of them is in front: all count as focused.
      createPage: async ({ context }) => {
        const page = await context.newPage();
        const session = await page.createCDPSession();
        await session.send('Emulation.setFocusEmulationEnabled', { enabled: true });
        return page;
      },
      launchOptions: {
        executablePath: await findChromium(),
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      },
    }),
  ],
  plugins: [
    esbuildPlugin({
      ts: true,
      tsconfig: fileURLToPath(new URL('tsconfig.dom.json', import.meta.url)),
      target: 'es2022',
    }),
  ],
  testFramework: { config: { timeout: 60_000, retries: 1 } },
};
