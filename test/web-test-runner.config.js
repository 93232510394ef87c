import { fileURLToPath } from 'node:url';
import { esbuildPlugin } from '@web/dev-server-esbuild';
import { chromeLauncher } from '@web/test-runner-chrome';
import { findChromium } from './support/chromium.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export default {
  rootDir: root,
  files: ['test/**/*.dom.test.ts'],
  nodeResolve: { exportConditions: ['development', 'browser', 'import', 'default'] },
  concurrency: 2,
  browsers: [
    chromeLauncher({
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
  testFramework: { config: { timeout: 10_000 } },
};
