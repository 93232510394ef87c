/** The real program in a process of its own, started, killed and started again. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bff/main.ts', import.meta.url));
/** Log lines that are kept of one process. */
const KEPT_LINES = 4000;

export interface BffProcess {
  readonly pid: number;
  readonly port: number;
  /** From spawn to the sentence that it listens (ms). */
  readonly bootMs: number;
  /** Its log: the newest lines, JSON each. */
  readonly lines: readonly string[];
  readonly alive: boolean;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface Launch {
  readonly pid: number;
  /** Resolves when it listens. @throws with its last words when it ends before, null when it was killed before */
  readonly ready: Promise<BffProcess | null>;
  kill(): Promise<void>;
}

export interface LaunchOptions {
  /** The configuration file. */
  readonly config: string;
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the program; it may be killed before it listens. */
export function launchBff({ config, folder, env = {} }: LaunchOptions): Launch {
  const began = performance.now();
  const child = spawn(process.execPath, [program], {
    cwd: folder,
    env: { ITERO_CONFIG: config, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the program could not be started');
  const lines: string[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    if (lines.length > KEPT_LINES) lines.splice(0, lines.length - KEPT_LINES);
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const kill = async (): Promise<void> => {
    if (isAlive()) child.kill('SIGKILL');
    await ended;
  };

  let said = '';
  const ready = new Promise<BffProcess | null>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /listening on port (\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      resolve({
        pid,
        port: Number(port),
        bootMs: performance.now() - began,
        lines,
        get alive() {
          return isAlive();
        },
        ended,
        kill,
        async stop() {
          if (isAlive()) child.kill('SIGTERM');
          return (await ended).code;
        },
      });
    });
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(null);
      else reject(new Error(`the program ended by itself (${code ?? signal}): ${said}${lines.slice(-3).join('\n')}`));
    });
  });
  // Whoever kills it may not be waiting for it.
  ready.catch(() => undefined);
  return { pid, ready, kill };
}
