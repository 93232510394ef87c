import { Worker } from 'node:worker_threads';
import type { CaseSpec, Detail } from './case-spec.ts';
import type { FileKind } from './names.ts';

export interface Job {
  spec: CaseSpec;
  detail: Detail;
  files: { kind: FileKind; path: string }[];
}

export type FromWorker =
  { type: 'made'; path: string; sizeBytes: number } | { type: 'finished' } | { type: 'failed'; reason: string };

interface Task {
  job: Job;
  onMade: (path: string, sizeBytes: number) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A few threads that make cases, started when first needed; idle ones do not keep the process alive. */
export class CasePool {
  readonly #size: number;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Task>();
  readonly #waiting: Task[] = [];
  #closed = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** `onMade` is told of each file as soon as it is whole; the promise settles when all are made or one failed. */
  run(job: Job, onMade: Task['onMade']): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('the case factory is closed'));
        return;
      }
      this.#waiting.push({ job, onMade, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#idle, ...this.#busy.keys()];
    const tasks = [...this.#busy.values(), ...this.#waiting];
    this.#idle.length = 0;
    this.#waiting.length = 0;
    this.#busy.clear();
    for (const task of tasks) task.reject(new Error('the case factory is closed'));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? (this.#busy.size < this.#size ? this.#start() : undefined);
    const task = worker && this.#waiting.shift();
    if (!worker || !task) return;
    this.#busy.set(worker, task);
    worker.ref();
    worker.postMessage(task.job, []);
  }

  #start(): Worker {
    // Nothing inherited: a test runner's loader flags must not reach the thread.
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: [], env: {} });
    worker.on('message', (message: FromWorker) => this.#hear(worker, message));
    worker.on('error', (error) => this.#lose(worker, error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#lose(worker, new Error('a case thread ended')));
    return worker;
  }

  #hear(worker: Worker, message: FromWorker): void {
    const task = this.#busy.get(worker);
    if (!task) return;
    if (message.type === 'made') {
      task.onMade(message.path, message.sizeBytes);
      return;
    }
    this.#busy.delete(worker);
    this.#idle.push(worker);
    worker.unref();
    if (message.type === 'finished') task.resolve();
    else task.reject(new Error(`a case could not be made: ${message.reason}`));
    this.#next();
  }

  #lose(worker: Worker, error: Error): void {
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    const task = this.#busy.get(worker);
    this.#busy.delete(worker);
    task?.reject(error);
    this.#next();
  }
}
