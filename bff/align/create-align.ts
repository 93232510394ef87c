import type { Dispatcher } from 'undici';
import type { Activity, Clock, Fetch, Log } from '../deps.ts';
import { createAssets } from './assets.ts';
import { createClient } from './client.ts';
import { createDiscovery } from './discovery.ts';
import { createSignIn } from './oauth.ts';
import { AlignFault, type AlignPort } from './port.ts';
import { isSimulated, type AlignSettings, type EnvironmentSettings } from './settings.ts';
import { TolerantReader } from './tolerant-reader.ts';
import * as translate from './translate.ts';
import * as wire from './wire.ts';

export interface AlignParts {
  /** Read at each use: the file may change while running. */
  readonly settings: () => AlignSettings;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  /** Connections for files; undici's own when absent. */
  readonly dispatcher?: Dispatcher;
  readonly activity?: Activity | undefined;
}

/** The adapter to Align's cloud. */
export function createAlign(parts: AlignParts): AlignPort {
  const { clock } = parts;
  const log = parts.log.child({ part: 'align' });
  const environment = (): EnvironmentSettings => {
    const { environment: name, environments } = parts.settings();
    const found = environments[name];
    if (found === undefined) throw new AlignFault('not_configured', 'settings', { property: `environments.${name}` });
    return found;
  };
  function stay(operation: string, name: string): void {
    if (parts.settings().environment !== name) {
      throw new AlignFault('not_configured', operation, { property: 'environment' });
    }
  }
  const client = createClient({
    fetch: parts.fetch,
    clock,
    timeout: () => environment().timings.requestTimeout,
    activity: parts.activity,
  });
  const discovery = createDiscovery({ environment, client, log });
  const signIn = createSignIn({ environment, client, clock });
  const openAsset = createAssets({ environment, discovery, clock, dispatcher: parts.dispatcher });

  interface CallInput {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: URLSearchParams;
    readonly body?: unknown;
    readonly write?: boolean;
    readonly renewDiscovery?: boolean;
  }

  async function call<T>(
    operation: wire.OperationName,
    accessToken: string,
    input: CallInput,
    read: (answer: TolerantReader) => T,
  ): Promise<T> {
    const { write = false } = input;
    const directory = await (input.renewDiscovery === true ? discovery.renew() : discovery.known());
    const url = directory.url(operation, input.params);
    for (const [name, value] of input.query ?? []) url.searchParams.set(name, value);
    const { method } = wire.OPERATIONS[operation];
    const answer = await client.json({ operation, write, method, url, accessToken, body: input.body });
    try {
      return read(new TolerantReader(operation, answer));
    } catch (error) {
      if (!(error instanceof AlignFault) || error.kind !== 'wrong_shape') throw error;
      log.warn({ operation, property: error.property }, 'upstream answered in a shape that cannot be read');
      // It was accepted, but the answer does not say how: nobody may send it again blindly.
      throw new AlignFault('wrong_shape', operation, {
        maybeApplied: write,
        ...(error.property === undefined ? {} : { property: error.property }),
      });
    }
  }

  async function done(operation: wire.OperationName, accessToken: string, input: CallInput): Promise<void> {
    const url = (await discovery.known()).url(operation, input.params);
    const { method } = wire.OPERATIONS[operation];
    await client.done({ operation, write: true, method, url, accessToken, body: input.body });
  }

  return {
    environment() {
      const { environment: name } = parts.settings();
      const found = environment();
      const simulated = isSimulated(found);
      return { name, livemode: isLive(name, simulated), simulated, timings: found.timings };
    },

    authorizationUrl: (input) => signIn.authorizationUrl(input),
    exchangeCode: (input) => signIn.exchangeCode(input),
    async refresh(refreshToken, name) {
      stay('refresh', name);
      // Once, and in the same turn as Discovery takes them: the file may change while Discovery is asked, and a refresh token of
      // the former environment must never go to the next one's host.
      const settings = environment();
      await discovery.renew();
      stay('refresh', name);
      return signIn.refresh(refreshToken, settings);
    },
    revoke: (refreshToken) => signIn.revoke(refreshToken),

    accounts: (token) =>
      call('accounts', token, { renewDiscovery: true }, (answer) => translate.toAccounts(wire.readAccounts(answer))),

    pair: (token, { accountId, callbackUrl }) =>
      call('pair', token, { write: true, body: wire.writePair(accountId, callbackUrl) }, (answer) =>
        translate.toTokens(wire.readTokens(answer), clock.now()),
      ),

    unpair: (token, accountId) => done('unpair', token, { body: wire.writeUnpair(accountId) }),

    practice: (token) =>
      call('practice', token, {}, (answer) => translate.toPractice(wire.readPractice(answer), clock.now())),

    sendScanRequest: (token, draft) =>
      call('sendScanRequest', token, { write: true, body: wire.writeScanRequest(draft) }, wire.readScanRequest),

    deleteScanRequest: (token, rxId) => done('deleteScanRequest', token, { params: { [wire.RX_ID]: rxId } }),

    orders: (token, query) =>
      call('orders', token, { query: wire.writeOrderQuery(query) }, (answer) =>
        translate.toOrderPage(wire.readOrders(answer), query),
      ),

    orderByRxId: (token, rxId) =>
      call('orderByRxId', token, { params: { [wire.RX_ID]: rxId } }, (answer) =>
        translate.toOrder(wire.readOrder(answer)),
      ),

    fullRx: (token, rxId) =>
      call('fullRx', token, { params: { [wire.RX_ID]: rxId } }, (answer) =>
        translate.toFullRx(wire.readFullRx(answer)),
      ),

    correctPatient: (token, correction) => done('correctPatient', token, { body: wire.writePatient(correction) }),

    openAsset: (token, url, options) => openAsset(token, url, options),
  };
}

/** align-api §1 knows a sandbox and production; only what calls itself a trial is one. */
function isLive(name: string, simulated: boolean): boolean {
  return !simulated && !/sandbox|staging|test|demo/.test(name);
}
