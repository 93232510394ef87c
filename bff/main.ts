/** The program: reads the environment and the configuration, builds the concrete parts, runs until it is told to stop. */
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createBff } from './app.ts';
import { createSystemClock, createSystemRandom } from './clock.ts';
import { ConfigError, loadConfig } from './config.ts';
import { watchAlignSource } from './config-source.ts';
import { ListenError } from './http/server.ts';
import { createLog, type LogLevel, type SinkLog } from './log.ts';
import { StoreError } from './store/index.ts';

/**
 * A host with several addresses: Node gives up on each after 250 ms, and then on a connection that stood while this process
 * was busy for so long, or that needs a slow line (nodejs/node#54359). Within the time limit of any call (ms).
 */
const NEXT_ADDRESS_AFTER_MS = 2500;

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];

function levelOf(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return 'info';
  if (!LEVELS.includes(text)) throw new ConfigError(`LOG_LEVEL must be one of ${LEVELS.join(', ')}.`);
  return text as LogLevel;
}

async function main(environment: NodeJS.ProcessEnv, log: SinkLog): Promise<void> {
  setDefaultAutoSelectFamilyAttemptTimeout(NEXT_ADDRESS_AFTER_MS);
  const path = environment['ITERO_CONFIG'] ?? 'itero-embed.config.json';
  const config = loadConfig(path, environment);
  const clock = createSystemClock();
  const align = watchAlignSource({ path, environment, config, clock, log });

  const bff = await createBff({
    settings: config.process,
    align,
    clock,
    random: createSystemRandom(),
    fetch: (input, init) => fetch(input, init),
    log,
    embedDirectory: fileURLToPath(new URL('../dist/embed', import.meta.url)),
    processMetrics: true,
  });

  let stopping = false;
  async function stop(reason: string, code: number): Promise<void> {
    if (stopping) {
      // Asked twice: whoever asks does not want to wait.
      await end(log, code === 0 ? 130 : code);
    }
    stopping = true;
    log.info({ reason }, 'stopping');
    align.stop();
    try {
      await bff.stop();
    } catch (error) {
      log.error({ error }, 'the stop was not clean');
      process.exitCode = 1;
    }
    log.info({}, 'stopped');
    await end(log, Number(process.exitCode ?? code));
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal, 0));
  // The state after a fault that nobody expected is unknown: finish what runs, then let the supervisor start anew.
  process.on('uncaughtException', (error) => {
    log.error({ error }, 'uncaught fault');
    void stop('uncaught fault', 1);
  });
  process.on('unhandledRejection', (error) => {
    log.error({ error }, 'unhandled rejection');
    void stop('unhandled rejection', 1);
  });

  const { url, port } = await bff.start().catch(async (error: unknown) => {
    align.stop();
    await bff.stop();
    throw error;
  });
  log.info({ port, environment: config.align.environment, vendors: config.process.vendors.length }, 'started');
  process.stderr.write(`itero-embed BFF for ${url}, listening on port ${port}\n`);
}

async function end(log: SinkLog | undefined, code: number): Promise<void> {
  const ended = (await log?.flush()) ?? true;
  if (ended) process.exit(code);
  // Whoever reads the log stands still.
  process.kill(process.pid, 'SIGKILL');
}

async function start(): Promise<void> {
  // Where the log's disk is full, this one often is, too: nobody is left to be told.
  process.stderr.on('error', () => undefined);
  let log: SinkLog | undefined;
  try {
    log = createLog({ level: levelOf(process.env['LOG_LEVEL']) });
    await main(process.env, log);
  } catch (error) {
    // Faults for the operator are sentences; anything else is a fault of ours and comes with its stack.
    const spoken = error instanceof ConfigError || error instanceof ListenError || error instanceof StoreError;
    process.stderr.write(`${spoken ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    await end(log, 1);
  }
}

void start();
