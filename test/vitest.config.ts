import { defineConfig } from 'vitest/config';

/** Node tests. `npm test` runs the projects one after another; a single file: `npx vitest run --config test/vitest.config.ts <file>`. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.{unit,http,contract}.test.ts', 'test/architecture.test.ts'],
          environment: 'node',
          // Two workers on two cores beside real servers: a starved thread is slow, and may not fail a test.
          testTimeout: 60_000,
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
          retry: 1,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
