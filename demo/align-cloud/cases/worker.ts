import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { caseMaker } from './case-maker.ts';
import type { FromWorker, Job } from './pool.ts';

/** One thread of the pool: makes the files it is told to, one job after the other. */
const port = parentPort;
if (!port) throw new Error('worker.ts runs in a worker thread only');

port.on('message', (job: Job) => {
  const answer = (message: FromWorker): void => port.postMessage(message);
  try {
    const make = caseMaker(job.spec, job.detail);
    for (const { kind, path } of job.files) {
      const bytes = make(kind);
      place(path, bytes);
      answer({ type: 'made', path, sizeBytes: bytes.length });
    }
    answer({ type: 'finished' });
  } catch (error) {
    answer({ type: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});

/** Under its own name only when whole, so that nobody is ever served half a file. */
function place(path: string, bytes: Uint8Array): void {
  const part = `${path}.${process.pid}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
