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
import { clockOf, startBff, type Clinic, type TestBff } from '../../../support/bff.ts';
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
function mortal(clock: Clock, fetch: Fetch): { clock: Clock; fetch: Fetch; die(): void } {
  let dead = false;
  const never = new Promise<never>(() => undefined);
  return {
    clock: {
      now: () => clock.now(),
      after: (ms, task) => clock.after(ms, () => void (dead || task())),
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (dead) await never;
      },
    },
    async fetch(input, init) {
      if (dead) return never;
      const answer = await fetch(input, init);
      return dead ? never : answer;
    },
    die() {
      dead = true;
    },
  };
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

  /** Calls of the BFF that have no answer yet. */
  let open = 0;
  const counted: Fetch = async (input, init) => {
    open += 1;
    try {
      const answer = await fetch(input, init);
      open += 1;
      void answer
        .clone()
        .arrayBuffer()
        .catch(() => undefined)
        .finally(() => (open -= 1));
      return answer;
    } finally {
      open -= 1;
    }
  };
  let life = mortal(clockOf(cloud), counted);
  const bff: TestBff = await startBff({
    cloud,
    log,
    clock: life.clock,
    fetch: (input, init) => life.fetch(input, init),
    store: `sqlite:${join(folder, 'itero.db')}`,
    dataDir: folder,
    ...(options.timings !== undefined && { timings: options.timings }),
  });

  /** Until the BFF waits for nothing but the clock; a call that upstream does not answer is not waited for. */
  async function drain(): Promise<void> {
    await cloud.settled();
    const end = performance.now() + 120;
    for (let calm = 0; calm < 30; calm += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (open > 0 && performance.now() < end) calm = 0;
    }
  }

  /** Moves both clocks in steps, letting everything that falls due end in between. */
  async function advance(ms: number, step = 5000): Promise<void> {
    await drain();
    for (let left = ms; left > 0; left -= step) {
      await cloud.clock.advance(Math.min(step, left));
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
      // The former one's answers to what it asked before are nobody's any more.
      open = 0;
      await between?.();
      life = mortal(clockOf(cloud), counted);
      await bff.revive({ clock: life.clock, fetch: life.fetch, log });
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
