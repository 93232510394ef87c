/** A process of its own with a vault: at the word of its parent it makes many calls at once, and tells how they ended. */
import { AlignFault, createAlign } from '../../../bff/align/index.ts';
import { createSystemClock, createSystemRandom } from '../../../bff/clock.ts';
import { parseConfig } from '../../../bff/config.ts';
import { openStore } from '../../../bff/store/index.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { createTokenSets } from '../../../bff/vault/token-sets.ts';
import { createVault } from '../../../bff/vault/vault.ts';
import { silent } from '../../support/silent.ts';

const [file = '', calls = ''] = process.argv.slice(2);
const config = parseConfig(JSON.parse(file), {});
if (!config.ok) throw new Error(JSON.stringify(config.error));
const { process: settings, align: upstream } = config.value;
const clock = createSystemClock();
const store = await openStore({ url: settings.store, clock, log: silent });
const align = createAlign({ settings: () => upstream, fetch: (input, init) => fetch(input, init), clock, log: silent });
const sets = createTokenSets({ store, seal: createSeal(settings.encryptionKeys, createSystemRandom()), clock });
const refused: string[] = [];
const events = {
  lost: () => Promise.resolve(),
  tokenRefused: async (id: string) => void refused.push(id),
};
const vault = createVault({ store, sets, align, clock, log: silent, events });
const connection = await store.db.selectFrom('connections').selectAll().executeTakeFirstOrThrow();

async function callOnce(): Promise<string> {
  try {
    await vault.withToken({ connection }, (token) => align.accounts(token));
    return 'ok';
  } catch (error) {
    return error instanceof AlignFault ? error.kind : String(error);
  }
}

async function answer(): Promise<void> {
  const outcomes = await Promise.all(Array.from({ length: Number(calls) }, callOnce));
  process.send?.({ outcomes, refused });
  await store.close();
  process.disconnect();
}

process.once('message', () => void answer());
process.send?.('ready');
