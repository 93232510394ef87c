/** The whole BFF and the simulator on one clock that is moved by hand: whatever upstream does, nobody waits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Fetch } from '../../../../bff/deps.ts';
import { createLog } from '../../../../bff/log.ts';
import {
  createAlignCloud,
  type Action,
  type AlignCloud,
  type AlignCloudOptions,
  type Done,
  type FaultPoint,
} from '../../../../demo/align-cloud/index.ts';
import type { Pairing } from '../../../../shared/pairing.ts';
import type { Problem } from '../../../../shared/problem.ts';
import type { ScanRequest } from '../../../../shared/scan-request.ts';
import type { Scan, ScanDetail, ScanList } from '../../../../shared/scan.ts';
import { startBff, type Clinic, type TestBff } from '../../../support/bff.ts';
import { RunningWork } from '../../../support/running-work.ts';
import { until } from '../../support/until.ts';
import { createQuickCases } from './quick-cases.ts';

export const RIVERSIDE = 1017;
export const DENTIST = { id: 'u-dentist', displayName: 'Dr. Day' };
const SESSION_MS = 3_600_000;

export interface StandOptions {
  readonly cloud?: Partial<AlignCloudOptions>;
  readonly timings?: Record<string, unknown>;
  /** Pairs Riverside and lets the first listing end; true unless told. */
  readonly paired?: boolean;
}

export interface KeptEvent {
  readonly type: string;
  readonly orderId?: string;
  readonly version?: string;
  readonly requestId?: string;
  readonly asset?: string;
  readonly reason?: string;
  readonly count?: number;
}

export type Stand = Awaited<ReturnType<typeof openStand>>;

/** What a process takes along when it dies: its timers and its calls. The disk stays. */
function mortal(clock: Clock) {
  let dead = false;
  const never = new Promise<never>(() => undefined);
  const work = new RunningWork();
  const mine: Clock = {
    now: () => clock.now(),
    after: (ms, task) => clock.after(ms, () => void (dead || task())),
    sleep: (ms, signal) =>
      work.rest(async () => {
        await clock.sleep(ms, signal);
        if (dead) await never;
      }),
  };
  const call: Fetch = async (input, init) => {
    if (dead) return never;
    const answer = await fetch(input, init);
    return dead ? never : answer;
  };
  return {
    /** For `createBff`. */
    parts: { clock: mine, fetch: call, activity: work },
    work,
    die() {
      dead = true;
    },
  };
}

/** Hears what waits for the simulator's clock, which is the BFF's too. */
function overhear(cloud: AlignCloud) {
  const { clock } = cloud;
  const after = clock.after.bind(clock);
  const sleep = clock.sleep.bind(clock);
  const due = new Set<{ at: number }>();
  /** Calls that the simulator answers late: whoever waits for one waits for the clock. */
  let held = new Set<object>();
  clock.after = (ms, run) => {
    const entry = { at: clock.now() + Math.max(0, ms) };
    due.add(entry);
    const cancel = after(ms, () => {
      due.delete(entry);
      return run();
    });
    return () => {
      due.delete(entry);
      cancel();
    };
  };
  const waitFor = async (ms: number, signal: AbortSignal | undefined, among?: Set<object>): Promise<void> => {
    const entry = { at: clock.now() + Math.max(0, ms) };
    due.add(entry);
    among?.add(entry);
    await sleep(ms, signal);
    due.delete(entry);
    among?.delete(entry);
  };
  clock.sleep = (ms, signal) => waitFor(ms, signal, held);
  const forBff: Clock = {
    now: () => clock.now(),
    after: (ms, task) => clock.after(ms, task),
    sleep: async (ms, signal) => {
      await waitFor(ms, signal);
      signal?.throwIfAborted();
    },
  };
  return {
    forBff,
    get held() {
      return held.size;
    },
    forgetHeld() {
      held = new Set();
    },
    /** When the next of them falls due (ms since the epoch). */
    next: (): number => [...due].reduce((least, { at }) => Math.min(least, at), Infinity),
  };
}

/** What this process has worked (ms). */
function spentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export async function openStand(options: StandOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'itero-faults-'));
  const lines: string[] = [];
  const cloud: AlignCloud = await createAlignCloud({
    port: 0,
    cdnPort: 0,
    clock: 'manual',
    seed: 'faults',
    startAt: Date.UTC(2026, 10, 23, 9),
    cases: createQuickCases(),
    ...options.cloud,
  });
  const log = createLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } });

  const waits = overhear(cloud);
  let life = mortal(waits.forBff);
  const bff: TestBff = await startBff({
    cloud,
    log,
    ...life.parts,
    store: `sqlite:${join(folder, 'itero.db')}`,
    dataDir: folder,
    ...(options.timings !== undefined && { timings: options.timings }),
  });

  /** Until the BFF waits for nothing but the clock. */
  async function drain(): Promise<void> {
    let [changes, since, spent] = [-1, 0, 0];
    for (let calm = 0; calm < 4;) {
      await cloud.settled();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      calm = life.work.busy <= waits.held ? calm + 1 : 0;
      if (life.work.changes !== changes) [changes, since, spent] = [life.work.changes, performance.now(), spentMs()];
      // Several may wait for the one call that is held, e.g. for the same refresh.
      // A process that was stopped meanwhile has not looked: its own time counts, too.
      else if (waits.held > 0 && performance.now() - since > 250 && spentMs() - spent > 250) return;
      else if (performance.now() - since > 30_000) throw new Error(`the BFF is not idle: ${life.work.busy} run`);
    }
  }

  /**
   * Moves both clocks from one timer to the next, letting everything that falls due end in between.
   * @param stride over days: at least so far at once (ms), together with all that falls due on the way
   */
  async function advance(ms: number, stride = 0): Promise<void> {
    await drain();
    const end = cloud.clock.now() + ms;
    while (cloud.clock.now() < end) {
      await cloud.clock.advance(
        Math.max(0, Math.min(Math.max(waits.next(), cloud.clock.now() + stride), end) - cloud.clock.now()),
      );
      await drain();
    }
  }

  const sessions = new Map<Clinic, { token: string; until: number }>();
  async function tokenOf(clinic: Clinic): Promise<string> {
    const known = sessions.get(clinic);
    if (known !== undefined && known.until > cloud.clock.now() + 60_000) return known.token;
    const { session_token: token } = await bff.mint(clinic, { user: DENTIST, expiresIn: SESSION_MS / 1000 });
    sessions.set(clinic, { token, until: cloud.clock.now() + SESSION_MS });
    return token;
  }

  async function send(method: string, path: string, body?: unknown, clinic: Clinic = 'riverside') {
    return bff.call(await tokenOf(clinic), method, path, body);
  }
  /** @throws when it is a problem */
  async function ask<T>(method: string, path: string, body?: unknown, clinic: Clinic = 'riverside'): Promise<T> {
    const answer = await send(method, path, body, clinic);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  /** The problem document of a call that must fail. */
  async function problem(method: string, path: string, body?: unknown): Promise<Problem> {
    const answer = await send(method, path, body);
    const text = await answer.text();
    if (answer.ok) throw new Error(`${method} ${path} did not fail: ${answer.status} ${text}`);
    if (!(answer.headers.get('content-type') ?? '').startsWith('application/problem+json')) throw new Error(text);
    return JSON.parse(text) as Problem;
  }

  const list = (body: object = {}, clinic: Clinic = 'riverside') =>
    ask<ScanList>('POST', '/v1/scans/search', { limit: 200, ...body }, clinic);
  const detail = (orderId: string) => ask<ScanDetail>('GET', `/v1/scans/${orderId}`);
  const pairing = (clinic: Clinic = 'riverside') => ask<Pairing>('GET', '/v1/pairing', undefined, clinic);

  async function events(clinic: Clinic = 'riverside'): Promise<KeptEvent[]> {
    const rows = await bff.bff.store.db
      .selectFrom('events')
      .select(['type', 'data'])
      .where('tenant', '=', clinic === 'namesake' ? 'lakeview' : clinic)
      .orderBy('id')
      .execute();
    return rows.map((row) => ({ type: row.type, ...(JSON.parse(row.data) as Omit<KeptEvent, 'type'>) }));
  }
  const eventsOf = async (orderId: string): Promise<string[]> =>
    (await events()).filter((event) => event.orderId === orderId).map(({ type }) => type);

  /** Lets the files of a case be made and its notification be sent; the clock stands still. */
  async function perform(action: Action): Promise<Done & { orderId: number }> {
    const done = cloud.perform(action);
    await done.finished;
    await drain();
    return { ...done, orderId: done.orderId ?? 0 };
  }
  /** A scan without an RX; its order id. */
  async function walkIn(more: Partial<Extract<Action, { do: 'scan-without-rx' }>> = {}): Promise<string> {
    return String((await perform({ do: 'scan-without-rx', companyId: RIVERSIDE, ...more })).orderId);
  }
  const isVisible = async (orderId: string): Promise<boolean> =>
    (await list()).items.some((item) => item.orderId === orderId);
  const visible = (orderId: string): Promise<Scan> =>
    until(async () => (await list()).items.find((item) => item.orderId === orderId));

  const draftOf = (patient: { firstName: string; lastName: string; chartNumber: string }) => ({
    patient,
    doctorId: '2001',
    procedureId: '1',
    procedureTypeId: '101',
  });
  const sendRx = (patient: { firstName: string; lastName: string; chartNumber: string }) =>
    ask<ScanRequest>('POST', '/v1/scan-requests', draftOf(patient));
  const requests = async () => (await ask<{ items: ScanRequest[] }>('POST', '/v1/scan-requests/search', {})).items;

  /** When Get Orders was called for an account, as upstream saw it (ms). */
  const listings = (companyId: number = RIVERSIDE): number[] =>
    cloud
      .calls('getOrders')
      .filter((call) => call.companyId === companyId)
      .map((call) => call.at);
  const countOf = (point: FaultPoint): number => cloud.calls(point).length;

  async function pair(clinic: Clinic = 'riverside'): Promise<Pairing> {
    const paired = await bff.pair(clinic, DENTIST);
    await drain();
    return paired;
  }

  if (options.paired !== false) {
    await pair();
    await until(async () => (await events()).some(({ type }) => type === 'pairing.backfilled'));
  }

  return {
    cloud,
    bff,
    folder,
    lines,
    drain,
    advance,
    send,
    ask,
    problem,
    list,
    detail,
    pairing,
    events,
    eventsOf,
    perform,
    walkIn,
    visible,
    isVisible,
    draftOf,
    sendRx,
    requests,
    listings,
    countOf,
    pair,
    open: (link: string | null | undefined, headers: Record<string, string> = {}) =>
      fetch(new URL(link ?? '/nowhere', bff.url), { headers }),
    /** What a SIGKILL leaves: timers, calls and whatever was in memory are gone. Then another process starts. */
    async kill(between?: () => Promise<void>): Promise<void> {
      life.die();
      await bff.bff.store.close();
      waits.forgetHeld();
      await between?.();
      life = mortal(waits.forBff);
      await bff.revive({ ...life.parts, log });
      await drain();
    },
    async close(): Promise<void> {
      const stopped = bff.stop();
      // Whoever waits for an answer that is slow by the clock gets it.
      const nudge = setInterval(() => void cloud.clock.advance(30_000), 50);
      await stopped.finally(() => clearInterval(nudge));
      await cloud.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Smallest distance between two that follow each other (ms). */
export function smallestGap(times: readonly number[]): number {
  return times.slice(1).reduce((least, at, index) => Math.min(least, at - (times[index] ?? 0)), Infinity);
}

/** Each version became visible by one event: none is missing, none is told twice. */
export async function tellsEachVersionOnce(stand: Stand): Promise<{ versions: number; told: number; twice: number }> {
  const versions = await stand.bff.bff.store.db
    .selectFrom('scan_versions')
    .select(['order_id', 'version'])
    .where('learnt_by', '!=', 'backfill')
    .execute();
  const told = (await stand.events())
    .filter(({ type }) => type === 'scan.received' || type === 'scan.updated')
    .map(({ orderId, version }) => `${orderId} ${version}`);
  const known = new Set(versions.map((row) => `${row.order_id} ${row.version}`));
  return {
    versions: known.size,
    told: [...new Set(told)].filter((one) => known.has(one)).length,
    twice: told.length - new Set(told).size,
  };
}
