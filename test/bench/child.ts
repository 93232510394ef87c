import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A server under test in a process of its own, driven by messages; so that load and server have a core each. */
export interface Server {
  readonly port: number;
  /** What the server told about itself when it was ready (links, tokens, …). */
  readonly facts: Readonly<Record<string, string>>;
  /** Asks the server to do something; resolves with its answer. One question at a time. */
  ask<T = number>(message: { readonly do: string } & Readonly<Record<string, unknown>>): Promise<T>;
  stop(): Promise<void>;
}

interface Ready {
  readonly ready: number;
  readonly facts?: Record<string, string>;
}

/** A server that does not end by itself within this is killed (ms). */
const STOP_MS = 3000;

/** Where `--profile` wants a CPU profile of each server. */
const profiles = process.env['ITERO_BENCH_PROFILES'];

export async function startServer(name: string, env: Record<string, string> = {}): Promise<Server> {
  const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const child: ChildProcess = fork(fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url)), {
    execArgv: ['--expose-gc', '--no-warnings', ...profiling],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`${name} ended with ${code ?? 'a signal'}.`));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        resolve(message);
      });
    });
  const ready = (await next()) as Ready;
  return {
    port: ready.ready,
    facts: ready.facts ?? {},
    async ask<T>(message: { readonly do: string }) {
      const answer = next();
      child.send(message);
      return ((await answer) as { done: T }).done;
    },
    stop: () =>
      new Promise((resolve) => {
        const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        child.once('exit', () => {
          clearTimeout(late);
          resolve();
        });
        child.send({ do: 'stop' });
      }),
  };
}
