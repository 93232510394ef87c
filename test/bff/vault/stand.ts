/** A paired connection in a real store before an upstream whose tokens rotate, scripted by hand. */
import { randomUUID } from 'node:crypto';
import { AlignFault, type AlignPort, type AlignTokens } from '../../../bff/align/index.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import type { Log } from '../../../bff/deps.ts';
import type { Store } from '../../../bff/store/index.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { createTokenSets } from '../../../bff/vault/token-sets.ts';
import { createVault } from '../../../bff/vault/vault.ts';
import {
  addConnection,
  environment,
  handClock,
  openTestStore,
  silent,
  START,
  type HandClock,
} from '../support/fixtures.ts';

/** Upstream's token endpoint with rotation: an old refresh token is refused. */
export class Rotating {
  refreshes = 0;
  readonly refused: string[] = [];
  /** Refresh token → number of its generation. */
  #alive = new Map<string, string>();
  fault: AlignFault | null = null;
  /** Runs between upstream's rotation and its answer. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  issue(user: string): AlignTokens {
    const generation = randomUUID();
    const refreshToken = `rt.${user}.${generation}`;
    this.#alive.set(user, refreshToken);
    return { accessToken: `at.${user}.${generation}`, refreshToken, expiresAt: this.now() + 3_600_000 };
  }

  isValid(accessToken: string): boolean {
    const [, user = '', generation = ''] = accessToken.split('.');
    return this.#alive.get(user) === `rt.${user}.${generation}`;
  }

  kill(user: string): void {
    this.#alive.delete(user);
  }

  async refresh(refreshToken: string): Promise<AlignTokens> {
    this.refreshes += 1;
    if (this.fault !== null) throw this.fault;
    const user = refreshToken.split('.')[1] ?? '';
    if (this.#alive.get(user) !== refreshToken) {
      this.refused.push(refreshToken);
      throw new AlignFault('invalid_grant', 'refresh');
    }
    const tokens = this.issue(user);
    await this.beforeAnswer();
    return tokens;
  }
}

export async function createVaultStand(options: { store?: Store; clock?: HandClock; log?: Log } = {}) {
  const clock = options.clock ?? handClock();
  const store = options.store ?? (await openTestStore(clock));
  const seal = createSeal([new Uint8Array(32).fill(7)], createSystemRandom());
  const sets = createTokenSets({ store, seal, clock });
  const upstream = new Rotating(() => clock.now());
  let active = 'sandbox';
  const align = {
    environment: () => ({ ...environment(), name: active }),
    refresh: (token: string, _environment: string) => upstream.refresh(token),
  } as AlignPort;
  const lost: string[] = [];
  const refused: string[] = [];

  /** Each is a process of its own on the same database. */
  const newVaultOn = (database: Store) =>
    createVault({
      store: database,
      sets,
      align,
      clock,
      log: options.log ?? silent,
      events: {
        async lost(id) {
          lost.push(id);
        },
        async tokenRefused(id) {
          refused.push(id);
          await store.write((tx) =>
            tx.updateTable('logins').set({ state: 'failing' }).where('token_id', '=', id).execute(),
          );
        },
      },
    });

  return {
    clock,
    store,
    seal,
    sets,
    upstream,
    lost,
    refused,
    newVault: () => newVaultOn(store),
    newVaultOn,
    vault: newVaultOn(store),
    switchTo: (name: string) => {
      active = name;
    },
    connection: () => addConnection(store),
    async login(connection: ConnectionRow, userId: string, age = 0): Promise<string> {
      const tokens = upstream.issue(userId);
      return store.write(async (tx) => {
        const { environment: name, account_id: accountId, vendor, tenant } = connection;
        const tokenId = await sets.keep(tx, { environment: name, accountId }, tokens);
        await tx
          .insertInto('logins')
          .values({
            id: randomUUID(),
            vendor,
            tenant,
            environment: name,
            connection_id: connection.id,
            user_id: userId,
            user_name: userId,
            token_id: tokenId,
            state: 'healthy',
            created_at: START - age,
            changed_at: START - age,
          })
          .execute();
        return tokenId;
      });
    },
    /** A call of upstream that checks the token. */
    use: async (accessToken: string): Promise<string> => {
      if (!upstream.isValid(accessToken)) throw new AlignFault('unauthorized', 'use');
      return accessToken.split('.')[1] ?? '';
    },
    close: () => store.close(),
  };
}
