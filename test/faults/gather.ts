/** Lets a run come to rest and writes down what it left behind. */
import type { ScanList } from '../../shared/scan.ts';
import { CLINICS } from '../support/bff.ts';
import {
  checkHistory,
  type ClinicHistory,
  type History,
  type Sample,
  type ShownCase,
  type Violation,
} from './history.ts';
import type { PairedClinic, Stage } from './stage.ts';
import { lastFullChecks, logBounds, sampleStore, type Figure } from './store-view.ts';
import { follow, type Follower } from './stream-follower.ts';
import type { Traffic } from './traffic.ts';

export interface GatherParts {
  readonly stage: Stage;
  readonly traffic: Traffic;
  readonly followers: readonly Follower[];
  readonly samples: readonly Sample[];
  /** The figures in the samples; looked at once more in the end. */
  readonly watched: readonly Figure[];
  readonly pollFloor: number;
  /** Waits for a whole round of every account after the last change. */
  readonly everythingDue: boolean;
  /** How long what is due may take to become visible (ms). */
  readonly settleMs: number;
  /** Told now and then what is still missing. */
  readonly onWait?: (missing: string) => void;
}

export interface Verdict {
  readonly history: History;
  readonly violations: readonly Violation[];
  /** From the end of the traffic until nothing was missing (ms); null: something still was when time was up. */
  readonly settledMs: number | null;
}

const AGAIN_MS = 400;
/** Breaches that are none if what is missing still comes. */
const MAY_COME: ReadonlySet<Violation['rule']> = new Set([
  'acknowledged and not visible',
  'not visible after a whole round',
  'an older version is shown',
  'a reader missed an event',
  // The inbox was read before the log was: something came in between.
  'a reader saw what is not in the log',
  'shown and never told',
  'never moved',
]);
const TELL_MS = 20_000;

/** The traffic has ended and a process is up. Looks again until nothing is missing or the time is up. */
export async function settleAndJudge(parts: GatherParts): Promise<Verdict> {
  const { stage } = parts;
  const began = performance.now();
  const quietAt = stage.cloud.clock.now();
  const isLate = (): boolean => performance.now() - began > parts.settleMs;
  let toldAt = began;
  const tell = (missing: string): void => {
    if (performance.now() - toldAt < TELL_MS) return;
    toldAt = performance.now();
    parts.onWait?.(missing);
  };
  if (parts.everythingDue) {
    for (let waits = await unlisted(stage, quietAt); waits.length > 0 && !isLate();) {
      tell(`no whole round since the last change: ${waits.join()}`);
      await pause(AGAIN_MS);
      waits = await unlisted(stage, quietAt);
    }
  }
  for (;;) {
    const history = await gather(parts);
    const violations = checkHistory(history);
    if (violations.length === 0) return { history, violations, settledMs: performance.now() - began };
    // What came too soon, twice or out of order stays so, however long one waits.
    if (isLate() || violations.some(({ rule }) => !MAY_COME.has(rule))) return { history, violations, settledMs: null };
    tell(`${violations.length} violations, such as ${violations[0]?.rule}: ${violations[0]?.detail}`);
    await pause(AGAIN_MS);
  }
}

async function gather(parts: GatherParts): Promise<History> {
  const { stage, traffic, followers, watched, pollFloor, everythingDue } = parts;
  const clinics: ClinicHistory[] = [];
  for (const clinic of stage.clinics) {
    const token = await stage.mint(clinic);
    const shown = await shownBy(stage, token);
    const { log, prunedTo } = await logOf(stage, clinic, token);
    clinics.push({ clinic: clinic.name, accountId: clinic.accountId, shown, log, prunedTo });
  }
  const samples = [...parts.samples, await sampleStore(stage.store, watched)];
  return {
    notifications: traffic.journal,
    upstream: [...stage.cloud.state.orders.values()].map((order) => ({
      accountId: String(order.companyId),
      orderId: String(order.orderId),
      rxId: order.rxId,
      modifiedAt: order.modifiedDate,
      status: order.status,
    })),
    clinics,
    followers: followers.map(({ name, clinic, from, resets, events }) => ({
      name,
      clinic,
      // One that never got through saw nothing and must not pass for one that missed nothing.
      from: from ?? 0,
      resets: [...resets],
      events: [...events],
    })),
    listings: [...stage.listings],
    pollFloor,
    samples,
    watched,
    everythingDue,
  };
}

async function shownBy(stage: Stage, token: string): Promise<ShownCase[]> {
  const shown: ShownCase[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const answer = await fetch(`http://127.0.0.1:${stage.alive()?.port ?? 9}/v1/scans/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ limit: 200, ...(cursor !== undefined && { cursor }) }),
    });
    if (!answer.ok) throw new Error(`the inbox answered ${answer.status}: ${await answer.text()}`);
    const list = (await answer.json()) as ScanList;
    for (const { orderId, rxId, modifiedAt, status, version } of list.items) {
      shown.push({ orderId, rxId, modifiedAt: Date.parse(modifiedAt), status, version });
    }
    cursor = list.nextCursor;
  }
  return shown;
}

/** The whole log, as a reader gets it that resumes from before the first event. */
async function logOf(
  stage: Stage,
  { name }: PairedClinic,
  token: string,
): Promise<Pick<ClinicHistory, 'log' | 'prunedTo'>> {
  const { vendor, tenant } = CLINICS[name];
  const { last, prunedTo } = await logBounds(stage.store, vendor, tenant);
  const reader = follow({
    name: 'log',
    clinic: name,
    url: `http://127.0.0.1:${stage.alive()?.port ?? 9}`,
    token: () => Promise.resolve(token),
    lastEventId: 0,
  });
  const end = performance.now() + 20_000;
  while ((reader.position ?? 0) < last && performance.now() < end) await pause(20);
  reader.stop();
  if (reader.resets.length > 0) throw new Error(`the log of ${name} does not reach back to its beginning`);
  const log = reader.events.map(({ id, type, orderId, version }) => ({ id, type, orderId, version }));
  return { log, prunedTo };
}

/** Accounts of which no round began after that time and was completed. */
async function unlisted(stage: Stage, since: number): Promise<string[]> {
  const checked = await lastFullChecks(stage.store);
  return stage.clinics.flatMap(({ accountId }) => {
    const first = stage.listings.find((call) => call.accountId === accountId && call.upTo !== null && call.at > since);
    return first !== undefined && (checked.get(accountId) ?? 0) >= first.at ? [] : [accountId];
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
