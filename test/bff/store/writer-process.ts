/** Writes hints until it is killed, telling its parent of each that was acknowledged. */
import { openStore } from '../../../bff/store/index.ts';
import { handClock, silent } from '../support/fixtures.ts';

const store = await openStore({ url: `sqlite:${process.argv[2]}`, clock: handClock(), log: silent });
const hint = {
  vendor: 'v',
  tenant: 't',
  environment: 'e',
  connection_id: 'c',
  rx_id: 'r',
  received_at: 1,
  state: 'waiting' as const,
  attempts: 0,
  next_at: 1,
  outcome: null,
};

async function write(): Promise<void> {
  for (;;) {
    await store.write((tx) => tx.insertInto('hints').values(hint).execute());
    process.send?.('stored');
  }
}

await Promise.all([write(), write(), write(), write()]);
