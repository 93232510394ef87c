import { AlignFault } from '../align/index.ts';
import { pauseAfter } from '../growing-pauses.ts';
import { RecentlyUsed } from '../recently-used.ts';
import type { Rechecks } from '../scans/index.ts';
import type { ScanRow } from '../store/schema.ts';
import { isLasting, retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, soonest, toLocal, type DueLoop, type Slots } from './due-loop.ts';
import type { IntakeParts } from './intake-parts.ts';
import { callUnder, type Leave } from './upstream-breaker.ts';

const CONCURRENT = 4;
/** Clinics where many cases wait leave slots for the others. */
const PER_CLINIC = 3;
/** Nobody is signed in, or the clinic is connected to another account (ms). */
const WITHOUT_CONNECTION_MS = 600_000;
/** After the first fault in a row; each further one doubles it, as far as to the longest (ms). */
const AFTER_FAULT = { first: 15_000, longest: 300_000 };
const MOST_FAULTS = 10_000;
/** One look may take a refresh and a merge beside its call (ms). */
const CLAIM_SLACK_MS = 30_000;
const PAGE = 50;
/** Queries of one pass: each leaves out more clinics that cannot go on now. */
const QUERIES = 20;

/** Looks for files that a case waits for: at 40 s, 80 s, then with growing pauses (align-api §6). */
export function createRecheckLoop(parts: IntakeParts & { rechecks: Rechecks }): DueLoop {
  const { store, connections, vault, align, merge, health, breaker, quiet, rechecks, clock, log, meter } = parts;
  /** Looks under way, by clinic. */
  const running = new Map<string, number>();
  /** Faults in a row that seemed to pass, by case. A restart begins anew: it only sets the pace. */
  const faults = new RecentlyUsed<number>(MOST_FAULTS);

  async function look(scan: ScanRow, leave: Leave): Promise<void> {
    const rxId = scan.rx_id;
    // Without an RX only the listing and the daily sweep can bring it; the wait is told to people all the same.
    if (rxId === null) return rechecks.noteStillMissing(scan);
    const connection = await connections.active(scan);
    if (connection === null || connection.account_id !== scan.account_id) {
      return waitFor(scan, WITHOUT_CONNECTION_MS);
    }
    try {
      const askedAt = await store.now();
      const order = await callUnder(leave, () =>
        vault.withToken({ connection }, (token) => align.orderByRxId(token, rxId)),
      );
      let isNew = false;
      if (order.accountId === connection.account_id && order.orderId === scan.order_id) {
        isNew = (await merge.merge({ connection, order, learntBy: 'recheck', askedAt })).outcome !== 'none';
      }
      meter?.recheck(isNew ? 'found' : 'missing');
      await health.noteAnswer(connection);
      await countLook(scan);
    } catch (error) {
      if (error instanceof AlignFault && error.kind === 'not_found') {
        meter?.recheck('missing');
        return countLook(scan);
      }
      const problem = toBackgroundProblem(error);
      if (problem === null) throw error;
      meter?.recheck('failed');
      // An answer that cannot be used is a look: it is not asked for again and again, and people are told what to do.
      if (isLasting(error) || isUnconfigured(error)) await countLook(scan);
      else await waitOutFault(scan, retryAfterOf(error) ?? 0);
      await quiet.keep(connection, retryAfterOf(error));
      await health.note(connection, problem);
    }
  }

  async function countLook(scan: ScanRow): Promise<void> {
    faults.delete(keyOf(scan));
    await rechecks.noteStillMissing(scan);
  }

  /** For as long as a file is looked for at all; then people are told. */
  async function waitFor(scan: ScanRow, pause: number): Promise<void> {
    const now = await store.now();
    const isOver = now - (scan.missing_since ?? now) > align.environment().timings.recheckFor;
    if (isOver) await countLook(scan);
    else await rechecks.postpone(scan, now + pause);
  }

  /** Mostly upstream is back soon. It may also be this one order that it cannot answer for, and then for days. */
  async function waitOutFault(scan: ScanRow, retryAfter: number): Promise<void> {
    const key = keyOf(scan);
    const before = faults.get(key) ?? 0;
    faults.set(key, before + 1);
    const grown = pauseAfter(AFTER_FAULT, before);
    // Not longer than between two looks, where those are quicker than usual.
    const pause = Math.max(AFTER_FAULT.first, Math.min(grown, align.environment().timings.recheckMax));
    await waitFor(scan, Math.max(pause, retryAfter));
  }

  /** False: the clinic cannot go on now. */
  async function begin(slots: Slots, key: string, scan: ScanRow, now: number): Promise<boolean> {
    const clinic = scan.connection_id;
    const mine = running.get(clinic) ?? 0;
    if (mine >= PER_CLINIC) return false;
    const leave = breaker.enter(clinic, false, scan.rx_id);
    if (leave === null) return false;
    running.set(clinic, mine + 1);
    const end = (): void => {
      leave.end({ kind: 'nothing' });
      running.set(clinic, (running.get(clinic) ?? 1) - 1);
      if (running.get(clinic) === 0) running.delete(clinic);
    };
    let claimed: ScanRow | null = scan;
    if (store.shared) {
      try {
        claimed = await rechecks.claim(scan, now + align.environment().timings.requestTimeout + CLAIM_SLACK_MS);
      } catch (error) {
        end();
        throw error;
      }
    }
    const mineNow = claimed;
    if (mineNow === null) end();
    else slots.launch(key, () => look(mineNow, leave).finally(end));
    return true;
  }

  /** @param silent clinics of which upstream wants none now */
  async function work(
    slots: Slots,
    environment: string,
    now: number,
    silent: Iterable<string>,
  ): Promise<{ held: boolean }> {
    const held = new Set(silent);
    for (let query = 0; query < QUERIES; query += 1) {
      let found = false;
      for (const scan of await rechecks.due(environment, now, PAGE, held)) {
        if (slots.free() <= 0 || !breaker.admitsAnybody()) return { held: true };
        const key = keyOf(scan);
        if (held.has(scan.connection_id) || slots.has(key)) continue;
        found = true;
        if (!(await begin(slots, key, scan, now))) held.add(scan.connection_id);
      }
      if (!found) break;
    }
    return { held: held.size > 0 };
  }

  return createDueLoop({
    name: 'rechecks',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      if (slots.free() <= 0) return null; // looked at again when one has ended
      const environment = align.environment().name;
      // One time for both reads: what falls due between them would be seen by neither.
      const now = await store.now();
      const silent = await quiet.connections(environment, now);
      const { held } = await work(slots, environment, now, silent.keys());
      const due = soonest(await rechecks.nextDue(environment, now), ...silent.values());
      const next = toLocal(clock, now, due);
      return held ? soonest(next, breaker.nextChange()) : next;
    },
  });
}

function keyOf(scan: ScanRow): string {
  return `${scan.vendor}\0${scan.tenant}\0${scan.account_id}\0${scan.order_id}`;
}

function isUnconfigured(error: unknown): boolean {
  return error instanceof AlignFault && error.kind === 'not_configured';
}
