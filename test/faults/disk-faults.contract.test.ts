/** Faults of the disk under the running program: nothing is acknowledged that is not on it, and somebody is told. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { BffProcess } from './bff-process.ts';
import { mountSmallDisk, type SmallDisk } from './full-disk.ts';
import { settleAndJudge } from './gather.ts';
import { createSeeded } from './seeded.ts';
import { openStage, type PairedClinic, type Slot, type Stage } from './stage.ts';
import { query } from './store-view.ts';
import { injectDiskFault, straceTrouble, toStraceArguments, type Injection } from './strace.ts';
import { sendNotification, startTraffic } from './traffic.ts';

const HOUR = 3_600_000;
const trouble = straceTrouble();
if (trouble !== null) console.log(`${trouble}: the faults of the disk that need it were not tried on this machine.`);

let stage: Stage | undefined;
let injection: Injection | undefined;
let disk: SmallDisk | null = null;
afterEach(async () => {
  await injection?.end();
  injection = undefined;
  await stage?.close();
  stage = undefined;
  disk?.unmount();
  disk = null;
});

interface Opened {
  readonly stage: Stage;
  readonly clinic: PairedClinic;
  readonly slot: Slot;
  readonly program: BffProcess;
}

async function open(folder?: string): Promise<Opened> {
  stage = await openStage({
    random: createSeeded('disk'),
    timings: { pollFloor: HOUR },
    clinics: ['riverside'],
    ...(folder !== undefined && { folder }),
  });
  const [clinic] = stage.clinics;
  const [slot] = stage.slots;
  if (clinic === undefined || slot === undefined) throw new Error('no clinic');
  const program = await stage.start(slot);
  if (program === null) throw new Error('the program did not start');
  return { stage, clinic, slot, program };
}

/** Scans, and tells of each: the statuses in turn, 0 where there was no answer. */
async function scanAndTell(at: Stage, clinic: PairedClinic, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const done = at.cloud.perform({ do: 'scan-without-rx', companyId: clinic.companyId });
    await done.finished;
    const message = { rxId: done.rxId ?? '', accountNumber: clinic.accountId };
    statuses.push((await sendNotification(at.callbackUrl(clinic), message)).status);
  }
  return statuses;
}

/** Everything that was begun is on disk: the next commit is the next notification's. */
async function untilNothingIsWritten({ store }: Stage): Promise<void> {
  const log = `${store.replace('sqlite:', '')}-wal`;
  let [before, since] = [0, performance.now()];
  const isCalm = (): boolean => {
    const { mtimeMs } = statSync(log);
    if (mtimeMs !== before) [before, since] = [mtimeMs, performance.now()];
    return performance.now() - since > 600;
  };
  await expect.poll(isCalm, { timeout: 60_000, interval: 30 }).toBe(true);
}

const get = async ({ port }: BffProcess, path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
async function failuresCounted(program: BffProcess): Promise<number> {
  const text = await (await get(program, '/metrics')).text();
  return Number(/^itero_intake_failures_total (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
}
const errorsOf = (program: BffProcess): string[] =>
  program.lines.flatMap((line) => {
    const { level, msg } = JSON.parse(line) as { level: number | string; msg: string };
    return level === 50 || level === 'error' ? [msg] : [];
  });

/** While the fault is on: never 2xx, and the alarm is heard. After it: everything works, and what was acknowledged is there. */
async function expectRefusedAndTold(at: Opened, begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
  const { clinic, program } = at;
  expect((await scanAndTell(at.stage, clinic, 2)).filter((status) => status < 200 || status > 299)).toEqual([]);
  expect((await get(program, '/readyz')).status).toBe(200);
  expect(await failuresCounted(program)).toBe(0);

  await begin();
  const during = await scanAndTell(at.stage, clinic, 4);
  expect(during.filter((status) => status < 500 || status > 599)).toEqual([]);
  expect((await get(program, '/readyz')).status).toBe(503);
  expect(await failuresCounted(program)).toBe(4);
  // The log is written in pieces.
  await expect
    .poll(() => errorsOf(program), { timeout: 60_000 })
    .toContain('notifications could not be stored and were refused');
  await end();

  await expect.poll(async () => (await get(program, '/readyz')).status, { timeout: 60_000 }).toBe(200);
  const traffic = startTraffic({ stage: at.stage, random: createSeeded('after'), pauseMs: 20 });
  await expect.poll(() => traffic.acknowledged, { timeout: 60_000 }).toBeGreaterThan(10);
  await at.stage.kill(at.slot);
  await traffic.stop();
  await at.stage.start(at.slot);
  const parts = { stage: at.stage, traffic, followers: [], samples: [], watched: [], pollFloor: HOUR };
  const { violations } = await settleAndJudge({ ...parts, everythingDue: false, settleMs: 60_000 });
  expect(violations).toEqual([]);
}

describe('the tool', () => {
  it('asks strace for this process, these calls and this fault alone', () => {
    const fault = { calls: ['fsync', 'fdatasync'], error: 'EIO', after: 2 } as const;
    expect(toStraceArguments(77, fault, '/out').join(' ')).toBe(
      '-p 77 -o /out -e trace=fsync,fdatasync -e inject=fsync,fdatasync:error=EIO:when=3+',
    );
    const slow = { calls: ['fsync'], delayMs: 20 } as const;
    expect(toStraceArguments(77, slow, '/out').at(-1)).toBe('inject=fsync:delay_exit=20000:when=1+');
  });
});

if (trouble === null) {
  describe('while the disk is at fault', () => {
    it.each([
      ['cannot say that a write arrived (EIO at fsync)', { calls: ['fsync', 'fdatasync'], error: 'EIO' }],
      ['is full (ENOSPC at write)', { calls: ['pwrite64'], error: 'ENOSPC' }],
      ['cannot be written to (EIO at write)', { calls: ['pwrite64'], error: 'EIO' }],
    ] as const)(
      'a disk that %s: 5xx and an alarm, never 2xx; afterwards it works again',
      async (_name, fault) => {
        const at = await open();
        await expectRefusedAndTold(
          at,
          async () => void (injection = await injectDiskFault(at.program.pid, fault)),
          async () => {
            expect(injection?.struck()).toBeGreaterThan(0);
            await injection?.end();
            injection = undefined;
          },
        );
      },
      240_000,
    );

    it('faults that come and go under a stream of notifications lose nothing that was acknowledged', async () => {
      const at = await open();
      const traffic = startTraffic({ stage: at.stage, random: createSeeded('burst'), pauseMs: 15 });
      for (const after of [0, 1, 3]) {
        injection = await injectDiskFault(at.program.pid, { calls: ['fsync'], error: 'EIO', after });
        const struck = injection;
        await expect.poll(() => struck.struck(), { timeout: 60_000 }).toBeGreaterThan(2);
        await injection.end();
        injection = undefined;
        const before = traffic.acknowledged;
        await expect.poll(() => traffic.acknowledged, { timeout: 60_000 }).toBeGreaterThan(before + 5);
      }
      await traffic.stop();
      expect([...traffic.statuses.keys()].filter((status) => status >= 500)).not.toEqual([]);
      await at.stage.kill(at.slot);
      await at.stage.start(at.slot);
      const parts = { stage: at.stage, traffic, followers: [], samples: [], watched: [], pollFloor: HOUR };
      const { violations } = await settleAndJudge({ ...parts, everythingDue: false, settleMs: 60_000 });
      expect(violations).toEqual([]);
    }, 240_000);

    it('a process that dies between commit and answer: nobody was told, and the case is shown once all the same', async () => {
      const at = await open();
      const { cloud } = at.stage;
      /** Kills in the first delayed fsync; the RX whose hint that was, or null when it was a commit of something else. */
      async function dieInCommit(pid: number): Promise<string | null> {
        // The first commit of a process begins the log's file, with an fsync of its own.
        expect(await scanAndTell(at.stage, at.clinic, 1)).toEqual([204]);
        await untilNothingIsWritten(at.stage);
        const held = await injectDiskFault(pid, { calls: ['fsync'], delayMs: 1000 });
        injection = held;
        const { rxId = '', finished } = cloud.perform({ do: 'scan-without-rx', companyId: at.clinic.companyId });
        await finished;
        const told = sendNotification(at.stage.callbackUrl(at.clinic), { rxId, accountNumber: at.clinic.accountId });
        await expect.poll(() => held.struck(), { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
        await at.stage.kill(at.slot);
        expect(await told).toEqual({ answer: 'unknown', status: 0 });
        await held.end();
        injection = undefined;
        const [kept = []] = await query(at.stage.store, [`SELECT id FROM hints WHERE rx_id = '${rxId}'`]);
        return kept.length > 0 ? rxId : null;
      }
      let rxId = await dieInCommit(at.program.pid);
      for (let again = 0; rxId === null && again < 5; again += 1) {
        const next = await at.stage.start(at.slot);
        rxId = await dieInCommit(next?.pid ?? 0);
      }
      expect(rxId).not.toBeNull();

      await at.stage.start(at.slot);
      const traffic = startTraffic({ stage: at.stage, random: createSeeded('none'), pauseMs: 10, ready: () => false });
      await traffic.stop();
      const parts = {
        stage: at.stage,
        traffic,
        followers: [],
        samples: [],
        watched: [],
        pollFloor: HOUR,
        settleMs: 60_000,
      };
      const sees = async (): Promise<string[]> => {
        const { history, violations } = await settleAndJudge({ ...parts, everythingDue: false });
        if (violations.length > 0) return violations.map(({ rule }) => rule);
        return history.clinics.flatMap(({ shown }) => shown.map((scan) => scan.rxId ?? ''));
      };
      await expect.poll(sees, { timeout: 60_000 }).toContain(rxId);
    }, 240_000);
  });
}

disk = mountSmallDisk(1);
const mountable = disk !== null;
disk?.unmount();
disk = null;
if (!mountable) console.log('nothing can be mounted here: a really full disk was not tried on this machine.');
else {
  describe('a disk that is really full', () => {
    it('refuses with 5xx and an alarm, never 2xx; when there is room again it works, without a restart', async () => {
      disk = mountSmallDisk(12);
      const small = disk;
      if (small === null) throw new Error('the disk could not be mounted');
      const at = await open(join(small.folder, 'data'));
      await expectRefusedAndTold(
        at,
        async () => small.fill(),
        async () => small.free(),
      );
    }, 240_000);
  });
}
