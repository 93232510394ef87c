import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Log } from '../deps.ts';
import type { QuietAccounts } from '../pairing/quiet-accounts.ts';
import type { Merge } from '../scans/index.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';
import type { RxAnswer } from './facts.ts';
import type { Patience } from './patience.ts';

/** Of one clinic: whoever asks on and on must not make upstream answer each time. */
const MOST_AT_ONCE = 20;

interface Inquiry {
  readonly connection: ConnectionRow;
  readonly userId: string;
  readonly rxId: string;
  readonly deep: boolean;
}

export interface Asker {
  /**
   * Asks for one RX by its id, which upstream does not count (rules.md "Polling": calls filtered by chart number do count, so
   * there is none here). A case that is found goes through the merge as any other and becomes visible. Never rejects for
   * what upstream does: that is `no_answer`, also while it wants to be left alone (Retry-After) or many questions of this
   * clinic are before it, and when patience is over.
   * @param deep also where it stands, when it has no case yet
   */
  ask(input: Inquiry & { patience: Patience }): Promise<RxAnswer>;
}

export function createAsker(parts: {
  store: Pick<Store, 'now'>;
  vault: Vault;
  align: Pick<AlignPort, 'orderByRxId' | 'fullRx'>;
  merge: Merge;
  quiet: Pick<QuietAccounts, 'keep' | 'left'>;
  log: Log;
}): Asker {
  const { store, vault, align, merge, quiet, log } = parts;
  /** By connection: questions that upstream has. */
  const running = new Map<string, number>();

  function count({ id }: ConnectionRow, by: 1 | -1): void {
    const now = (running.get(id) ?? 0) + by;
    if (now > 0) running.set(id, now);
    else running.delete(id);
  }

  async function inquire({ connection, userId, rxId, deep }: Inquiry): Promise<RxAnswer> {
    if ((await quiet.left(connection)) > 0) return { kind: 'no_answer' };
    try {
      const askedAt = await store.now();
      const order = await vault.withToken({ connection, userId }, (token) => align.orderByRxId(token, rxId));
      if (order.accountId !== connection.account_id) return { kind: 'other_account' };
      await merge.merge({ connection, order, learntBy: 'recheck', askedAt });
      return { kind: 'found' };
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      if (error.kind !== 'not_found') return await noAnswer(connection, error);
    }
    if (!deep) return { kind: 'not_found' };
    try {
      const rx = await vault.withToken({ connection, userId }, (token) => align.fullRx(token, rxId));
      const status = rx.rows.find(({ label }) => label === 'Status')?.value;
      // An RX that upstream has but says nothing of: all that is known is that no case came of it.
      return status === undefined ? { kind: 'no_answer' } : { kind: 'status', status };
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      return error.kind === 'not_found' ? { kind: 'not_found' } : await noAnswer(connection, error);
    }
  }

  async function noAnswer(connection: ConnectionRow, error: AlignFault): Promise<RxAnswer> {
    await quiet.keep(connection, error.retryAfterMs ?? null);
    log.info({ connection: connection.id, kind: error.kind }, 'upstream could not be asked where a scan is');
    return { kind: 'no_answer' };
  }

  return {
    async ask(input) {
      if ((running.get(input.connection.id) ?? 0) >= MOST_AT_ONCE) return { kind: 'no_answer' };
      count(input.connection, 1);
      // Also what nobody waits for any more is before upstream.
      const asked = inquire(input).finally(() => count(input.connection, -1));
      return input.patience.wait(asked, () => ({ kind: 'no_answer' }));
    },
  };
}
