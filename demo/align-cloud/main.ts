import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEMO_USERS, createAlignCloud } from './index.ts';
import type { AlignCloudOptions } from './index.ts';
import { readScenario, shippedScenarios } from './scenario.ts';

const HELP = `The Align cloud simulator.

  node demo/align-cloud/main.ts [options]

  --port N            port of Align's own host (PORT, else 4010); 0 takes any free one
  --cdn-port N        port of the host of pre-signed links (CDN_PORT, else port + 1)
  --detail full|small size of the generated cases (full)
  --clock real|manual a manual clock moves by POST /control/clock/advance only (real)
  --strict            429 to any two Get Orders calls of one clinic within 120 s
  --history N         old cases per clinic (3)
  --seed TEXT         makes all chance repeatable
  --region NAME       us-east-1 or eu-central-1
  --redirect-uri URL  allowed address to return to after sign-in; may be repeated
  --scenario NAME     a shipped scenario, or the path of a JSON file
  --data-dir PATH     where finished case files are kept`;

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

function portFrom(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d+$/.test(text) ? Number(text) : 65_536;
  if (port > 65_535) fail(`${name} is “${text}”, but a port is a number from 0 to 65535.`);
  return port;
}

function oneOf<T extends string>(text: string, choices: readonly T[], name: string): T {
  return (
    choices.find((choice) => choice === text) ?? fail(`${name} is “${text}”, but must be one of ${choices.join(', ')}.`)
  );
}

function scenarioFrom(text: string): NonNullable<AlignCloudOptions['scenario']> {
  if (!text.endsWith('.json')) {
    const names = shippedScenarios().map(({ name }) => name);
    return oneOf(text, names, '--scenario');
  }
  try {
    return readScenario(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    return fail(`The scenario ${text} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function options(): AlignCloudOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'cdn-port': { type: 'string' },
      detail: { type: 'string', default: 'full' },
      clock: { type: 'string', default: 'real' },
      strict: { type: 'boolean', default: false },
      history: { type: 'string', default: '3' },
      seed: { type: 'string' },
      region: { type: 'string', default: 'us-east-1' },
      'redirect-uri': { type: 'string', multiple: true },
      scenario: { type: 'string' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const port = portFrom(values.port ?? process.env['PORT'], 'The port');
  const cdnPort = portFrom(values['cdn-port'] ?? process.env['CDN_PORT'], 'The CDN port');
  const history = /^\d{1,4}$/.test(values.history) ? Number(values.history) : fail('--history must be a whole number.');
  return {
    detail: oneOf(values.detail, ['full', 'small'] as const, '--detail'),
    clock: oneOf(values.clock, ['real', 'manual'] as const, '--clock'),
    region: oneOf(values.region, ['us-east-1', 'eu-central-1'] as const, '--region'),
    strict: values.strict,
    history,
    log: (line) => console.error(line),
    ...(port === undefined ? {} : { port }),
    ...(cdnPort === undefined ? {} : { cdnPort }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
    ...(values['redirect-uri'] === undefined ? {} : { redirectUris: values['redirect-uri'] }),
    ...(values.scenario === undefined ? {} : { scenario: scenarioFrom(values.scenario) }),
    ...(values['data-dir'] === undefined ? {} : { dataDir: values['data-dir'] }),
  };
}

let parsed: AlignCloudOptions;
try {
  parsed = options();
} catch (error) {
  fail(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
}
try {
  const align = await createAlignCloud(parsed);
  const stop = (): void => {
    align.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  console.log(`Align cloud simulator  ${align.url}  (console; files also from ${align.cdnUrl})`);
  console.log(`Sign in as ${DEMO_USERS[0]?.login} or ${DEMO_USERS[2]?.login}, password “${DEMO_USERS[0]?.password}”.`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
