/** The active environment is switched while a refresh is under way. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAlign, type AlignSettings } from '../../../bff/align/index.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import type { Fetch } from '../../../bff/deps.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { createTokenSets } from '../../../bff/vault/token-sets.ts';
import { createVault, type OpenVault } from '../../../bff/vault/vault.ts';
import { addConnection, handClock, openTestStore, settle, silent, START, TIMINGS } from '../support/fixtures.ts';

const environmentAt = (host: string): AlignSettings['environments'][string] => ({
  oauthBase: `https://${host}`,
  baseUrl: `https://${host}`,
  clientId: 'client',
  clientSecret: `secret of ${host}`,
  clientAuth: 'post',
  allowedHosts: [],
  simulated: false,
  timings: { ...TIMINGS, recheckSteps: [...TIMINGS.recheckSteps] },
});
const environments = { sandbox: environmentAt('sandbox.example'), production: environmentAt('production.example') };

let settings: AlignSettings;
let store: Store;
let clock: ReturnType<typeof handClock>;
let vault: OpenVault;
let connection: ConnectionRow;
/** Host and path of each call, and what was sent. */
let sent: { to: string; body: string }[];
let refused: string[];
/** Runs while Discovery is asked. */
let meanwhile: () => void;

const upstream: Fetch = (input, init) => {
  const { host, pathname } = new URL(input instanceof Request ? input.url : input);
  const body = init?.body instanceof URLSearchParams ? init.body.toString() : '';
  sent.push({ to: `${host}${pathname}`, body });
  if (pathname.startsWith('/oauth')) {
    const tokens = { access_token: 'AT-2', refresh_token: 'RT-2', expires_in: 3600, token_type: 'bearer' };
    return Promise.resolve(Response.json(tokens));
  }
  meanwhile();
  return Promise.resolve(Response.json({ endpoints: {} }));
};

beforeEach(async () => {
  settings = { environment: 'sandbox', environments };
  [sent, refused, meanwhile] = [[], [], () => undefined];
  clock = handClock();
  store = await openTestStore(clock);
  const seal = createSeal([new Uint8Array(32).fill(7)], createSystemRandom());
  const sets = createTokenSets({ store, seal, clock });
  const align = createAlign({ settings: () => settings, fetch: upstream, clock, log: silent });
  const events = {
    lost: () => Promise.resolve(),
    tokenRefused: async (id: string) => void refused.push(id),
  };
  vault = createVault({ store, sets, align, clock, log: silent, events });
  connection = await addConnection(store);
  const { vendor, tenant, environment, id, account_id: accountId } = connection;
  await store.write(async (tx) => {
    const tokens = { accessToken: 'AT-1', refreshToken: 'RT-1', expiresAt: START };
    const tokenId = await sets.keep(tx, { environment, accountId }, tokens);
    const login = { id: 'l1', vendor, tenant, environment, connection_id: id, user_id: 'u', user_name: 'U' };
    const health = { token_id: tokenId, state: 'healthy' as const, created_at: START, changed_at: START };
    await tx
      .insertInto('logins')
      .values({ ...login, ...health })
      .execute();
  });
});
afterEach(() => store.close());

const switchOver = (): void => {
  settings = { ...settings, environment: 'production' };
};
const use = (): Promise<string> =>
  vault.withToken({ connection }, (accessToken) => Promise.resolve(accessToken)).catch(describeFault);
const describeFault = (error: { kind?: string; property?: string }): string => `${error.kind} ${error.property}`;
const lock = () =>
  store.db.selectFrom('align_tokens').select(['refresh_holder', 'generation']).executeTakeFirstOrThrow();

describe('a refresh', () => {
  it('goes to the host that the token belongs to while nothing is switched', async () => {
    expect(await use()).toBe('AT-2');
    expect(sent.map(({ to }) => to)).toEqual([
      expect.stringContaining('sandbox.example/'),
      'sandbox.example/oauth/token',
    ]);
    expect(sent[1]?.body).toContain('RT-1');
  });

  it('sends the token nowhere when the environment is switched while Discovery is asked, and goes on after switching back', async () => {
    meanwhile = switchOver;
    expect(await use()).toBe('not_configured environment');
    expect(sent.map(({ body }) => body)).toEqual(['']);
    expect(refused).toEqual([]);
    expect(await lock()).toEqual({ refresh_holder: null, generation: 1 });

    settings = { ...settings, environment: 'sandbox' };
    meanwhile = () => undefined;
    expect(await use()).toBe('AT-2');
    expect(sent.at(-1)?.to).toBe('sandbox.example/oauth/token');
  });

  it('asks nobody anything when the environment is switched while another process has the lock', async () => {
    const held = { refresh_holder: 'another process', refresh_until: clock.now() + 5000 };
    await store.write((tx) => tx.updateTable('align_tokens').set(held).execute());
    const used = use();
    await clock.advance(1000);
    switchOver();
    await clock.advance(5000);
    await settle();
    expect(await used).toBe('not_configured environment');
    expect({ sent, refused }).toEqual({ sent: [], refused: [] });
    expect(await lock()).toEqual({ refresh_holder: null, generation: 1 });
  });

  it('takes the settings as they were before Discovery, though the file changes under the same name meanwhile', async () => {
    meanwhile = () => {
      settings = { ...settings, environments: { ...environments, sandbox: environmentAt('moved.example') } };
    };
    expect(await use()).toBe('AT-2');
    expect(sent.at(-1)?.to).toBe('sandbox.example/oauth/token');
    expect(sent.at(-1)?.body).toContain('sandbox.example');
  });
});
