import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaultReporter } from '@web/test-runner';
import { esbuildPlugin } from '@web/dev-server-esbuild';
import { chromeLauncher } from '@web/test-runner-chrome';
import { findChromium } from './support/chromium.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Leaves the figures where `npm test` adds them up. */
function countReporter(file) {
  const tests = (suite) => [...suite.tests, ...suite.suites.flatMap(tests)];
  return {
    onTestRunFinished({ sessions }) {
      let passed = 0;
      let failed = 0;
      for (const session of sessions) {
        const all = session.testResults ? tests(session.testResults) : [];
        passed += all.filter((test) => test.passed && !test.skipped).length;
        const broken = all.filter((test) => !test.passed || test.skipped).length;
        // A file that does not load has no tests at all, only errors.
        failed += broken > 0 || session.passed ? broken : 1;
      }
      writeFileSync(file, JSON.stringify({ passed, failed }));
    },
  };
}

const results = process.env.ITERO_DOM_RESULTS;

export default {
  reporters: [
    defaultReporter({ reportTestResults: true, reportTestProgress: false }),
    ...(results === undefined ? [] : [countReporter(results)]),
  ],
  rootDir: root,
  files: ['test/**/*.dom.test.ts'],
  nodeResolve: { exportConditions: ['development', 'browser', 'import', 'default'] },
  concurrency: 2,
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
  testFramework: { config: { timeout: 10_000, retries: 1 } },
};
