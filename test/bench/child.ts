import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A server under test in a process of its own, driven by messages; so that load and server have a core each. */
export interface Server {
  readonly port: number;
  /** What the server told about itself when it was ready (links, tokens, …). */
  readonly facts: Readonly<Record<string, string>>;
  /** Asks the server to do something; resolves with its answer. */
  ask(message: { readonly do: string } & Readonly<Record<string, unknown>>): Promise<number>;
  stop(): Promise<void>;
}

interface Ready {
  readonly ready: number;
  readonly facts?: Record<string, string>;
}

export async function startServer(name: string, env: Record<string, string> = {}): Promise<Server> {
  const child: ChildProcess = fork(fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url)), {
    execArgv: ['--expose-gc', '--no-warnings'],
    env: { ...process.env, ...env },
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
    async ask(message) {
      const answer = next();
      child.send(message);
      return ((await answer) as { done: number }).done;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}
