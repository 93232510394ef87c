/** The whole BFF on a SQLite file (synchronous=FULL), paired with a double of Align's cloud inside this process. */
import { createHash } from 'node:crypto';
import { createBff } from '../../../bff/app.ts';
import { createSystemClock, createSystemRandom } from '../../../bff/clock.ts';
import { createFixedAlignSource } from '../../../bff/config-source.ts';
import type { Store } from '../../../bff/store/index.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { createTokenSets } from '../../../bff/vault/token-sets.ts';
import { createUpstream } from './align-double.ts';
import { answer, ready, settledMemory } from './reply.ts';
import { ACCOUNT, benchConfig, benchLog, ENVIRONMENT, TENANT, VENDOR, VENDOR_KEY } from './settings.ts';

const CALLBACK_TOKEN = 'b'.repeat(43);
const HOUR = 3_600_000;

const { process: settings, align } = benchConfig(process.env['BENCH_DIR'] ?? '', process.env['BENCH_FILES']);
const [clock, random, log] = [createSystemClock(), createSystemRandom(), benchLog()];
const bff = await createBff({
  settings,
  align: createFixedAlignSource(align),
  clock,
  random,
  fetch: createUpstream(process.env['BENCH_FILES'] ?? null),
  log,
  embedDirectory: '/nowhere',
  processMetrics: true,
});
await pair(bff.store);

/** The rows that a sign-in and a Pair leave behind. */
async function pair(store: Store): Promise<void> {
  const now = clock.now();
  const owner = { vendor: VENDOR, tenant: TENANT };
  const sets = createTokenSets({ store, seal: createSeal(settings.encryptionKeys, random), clock });
  await store.write(async (tx) => {
    const tokens = { accessToken: 'access', refreshToken: 'refresh', expiresAt: now + 24 * HOUR };
    const token_id = await sets.keep(tx, { environment: ENVIRONMENT, accountId: ACCOUNT }, tokens);
    await tx
      .insertInto('connections')
      .values({
        ...owner,
        id: 'con_1',
        environment: ENVIRONMENT,
        account_id: ACCOUNT,
        account_name: 'Clinic',
        account_city: null,
        account_country: null,
        state: 'paired',
        created_at: now,
        created_by: 'u1',
        ended_at: null,
        callback_state: 'confirmed',
        last_pair_at: now,
        repaired_at: null,
        last_notification_at: null,
        last_full_check_at: now,
        cursor_at: now,
        backfilled_at: now,
        polled_in_a_row: 0,
        problem: null,
      })
      .execute();
    await tx
      .insertInto('logins')
      .values({
        ...owner,
        id: 'login_1',
        environment: ENVIRONMENT,
        connection_id: 'con_1',
        user_id: 'u1',
        user_name: 'Dr. Day',
        token_id,
        state: 'healthy',
        created_at: now,
        changed_at: now,
      })
      .execute();
    const hash = createHash('sha256').update(CALLBACK_TOKEN).digest('hex');
    const route = { ...owner, hash, connection_id: 'con_1', created_at: now, expires_at: null };
    await tx.insertInto('callback_tokens').values(route).execute();
  });
}

let peak = 0;
let watching: NodeJS.Timeout | undefined;
answer({
  memory: settledMemory,
  /** Resident memory from now on; `watched` tells the highest. */
  watch: async () => {
    peak = (await settledMemory()).resident;
    const before = peak;
    watching = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 10);
    return before;
  },
  watched: () => {
    clearInterval(watching);
    return peak;
  },
  /** Hints on disk: what an answered notification has left behind. */
  hints: async () => {
    const counted = bff.store.db.selectFrom('hints').select((eb) => eb.fn.countAll<number>().as('count'));
    return (await counted.executeTakeFirstOrThrow()).count;
  },
});

const { port } = await bff.start();
ready(port, { callbackToken: CALLBACK_TOKEN, vendorKey: VENDOR_KEY, tenant: TENANT });
