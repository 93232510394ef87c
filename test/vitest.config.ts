import { defineConfig } from 'vitest/config';

/** What several instances do on one PostgreSQL. */
const ONLY_POSTGRES = ['test/bff/store/postgres-*.test.ts', 'test/bff/instances/**/*.test.ts'];
/** The suites whose subject rests on the store: they run on SQLite, in project `node`, and on a real PostgreSQL. */
const STORE_NEAR = [
  'test/bff/{vault,audit,session,pairing,requests,ledger}/**/*.{unit,http,contract}.test.ts',
  'test/bff/intake/{instances,poll-model,quiet-accounts,wrong-times}.unit.test.ts',
  'test/bff/scans/{merge,search,late-answers,missing-file-times,returned-version,former-account}.unit.test.ts',
  'test/bff/where/look-up.unit.test.ts',
  'test/bff/events/{instances,retention,log-went-back}.unit.test.ts',
  'test/bff/scans/loop.contract.test.ts',
  'test/bff/http/idempotency.http.test.ts',
  'test/bff/whole-loop.contract.test.ts',
];

/** Node tests. `npm test` runs the projects one after another; a single file: `npx vitest run --config test/vitest.config.ts <file>`. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    // Real servers, files and processes on two loaded cores: the second turn is told in the last lines of `npm test`.
    retry: 1,
    setupFiles: ['test/support/slow-machine.ts'],
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.{unit,http,contract}.test.ts', 'test/architecture.test.ts'],
          exclude: ONLY_POSTGRES,
          environment: 'node',
          // Two workers on two cores beside real servers: a starved thread is slow, and may not fail a test.
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: [...STORE_NEAR, ...ONLY_POSTGRES],
          env: { ITERO_TEST_STORE: 'postgres' },
          globalSetup: 'test/support/postgres-setup.ts',
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
