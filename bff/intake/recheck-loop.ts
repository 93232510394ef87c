import { AlignFault } from '../align/index.ts';
import type { Rechecks } from '../scans/index.ts';
import type { ScanRow } from '../store/schema.ts';
import { retryAfterOf, toBackgroundProblem } from './background-health.ts';
import { createDueLoop, type DueLoop } from './due-loop.ts';
import type { IntakeParts } from './hint-loop.ts';

const CONCURRENT = 3;
/** Nobody is signed in, or the clinic is connected to another account (ms). */
const WITHOUT_CONNECTION_MS = 600_000;
const AFTER_FAULT_MS = 15_000;

/** Looks for files that a case waits for: at 40 s, 80 s, then with growing pauses (align-api §6). */
export function createRecheckLoop(parts: IntakeParts & { rechecks: Rechecks }): DueLoop {
  const { connections, vault, align, merge, health, rechecks, clock, log } = parts;

  async function look(scan: ScanRow): Promise<void> {
    const rxId = scan.rx_id;
    // Without an RX only the listing can bring it; the wait is told to people all the same.
    if (rxId === null) return rechecks.noteStillMissing(scan);
    const connection = await connections.active(scan);
    if (connection === null || connection.account_id !== scan.account_id) {
      return rechecks.postpone(scan, clock.now() + WITHOUT_CONNECTION_MS);
    }
    try {
      const order = await vault.withToken({ connection }, (token) => align.orderByRxId(token, rxId));
      if (order.accountId === connection.account_id && order.orderId === scan.order_id) {
        await merge.merge({ connection, order, learntBy: 'recheck' });
      }
      await health.noteAnswer(connection);
      await rechecks.noteStillMissing(scan);
    } catch (error) {
      if (error instanceof AlignFault && error.kind === 'not_found') return rechecks.noteStillMissing(scan);
      const problem = toBackgroundProblem(error);
      if (problem === null) throw error;
      await rechecks.postpone(scan, clock.now() + Math.max(AFTER_FAULT_MS, retryAfterOf(error) ?? 0));
      await health.note(connection, problem);
    }
  }

  return createDueLoop({
    name: 'rechecks',
    clock,
    log,
    limit: CONCURRENT,
    activity: parts.activity,
    async pass(slots) {
      const environment = align.environment().name;
      // One time for both reads: what falls due between them would be seen by neither.
      const now = clock.now();
      for (const scan of await rechecks.due(environment, now, 50)) {
        const key = `${scan.vendor}\0${scan.tenant}\0${scan.account_id}\0${scan.order_id}`;
        if (slots.free() <= 0) return null; // looked at again when one has ended
        if (!slots.has(key)) slots.launch(key, () => look(scan));
      }
      return rechecks.nextDue(environment, now);
    },
  });
}
