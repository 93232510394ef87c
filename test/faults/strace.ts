/** Faults of the disk, put between a running process and its kernel by strace. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DiskFault {
  readonly calls: readonly ('fsync' | 'fdatasync' | 'pwrite64' | 'ftruncate')[];
  /** What the call answers instead of being carried out. */
  readonly error?: 'EIO' | 'ENOSPC' | 'EDQUOT';
  /** The call is carried out, and answers so much later (ms). */
  readonly delayMs?: number;
  /** Lets so many calls pass first. */
  readonly after?: number;
}

export interface Injection {
  /** Calls that it has struck so far. */
  struck(): number;
  /** Lets go of the process, which goes on with a healthy disk. */
  end(): Promise<void>;
}

/** Why strace cannot be used here; null when it can. */
export function straceTrouble(): string | null {
  const tried = spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=fsync', process.execPath, '--version']);
  if (tried.error !== undefined) return 'strace is not installed';
  return tried.status === 0 ? null : 'strace may not trace processes here';
}

export function toStraceArguments(pid: number, fault: DiskFault, output: string): string[] {
  const calls = fault.calls.join(',');
  const what = [
    ...(fault.error === undefined ? [] : [`error=${fault.error}`]),
    ...(fault.delayMs === undefined ? [] : [`delay_exit=${fault.delayMs * 1000}`]),
    `when=${(fault.after ?? 0) + 1}+`,
  ];
  return ['-p', String(pid), '-o', output, '-e', `trace=${calls}`, '-e', `inject=${calls}:${what.join(':')}`];
}

/** From its return on the process meets the fault. The store is worked by the main thread, so that alone is traced. */
export async function injectDiskFault(pid: number, fault: DiskFault): Promise<Injection> {
  const folder = mkdtempSync(join(tmpdir(), 'itero-strace-'));
  const output = join(folder, 'calls.txt');
  const tracer = spawn('strace', toStraceArguments(pid, fault, output), { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = new Promise<void>((resolve) => {
    tracer.once('exit', () => resolve());
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    tracer.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('attached')) resolve();
    });
    tracer.once('error', reject);
    tracer.once('exit', () => reject(new Error(`strace did not attach: ${said}`)));
  });
  return {
    struck() {
      // A delayed call is marked too.
      return readFileSync(output, 'utf8')
        .split('\n')
        .filter((line) => /INJECTED|DELAYED/.test(line)).length;
    },
    async end() {
      tracer.kill('SIGINT');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
