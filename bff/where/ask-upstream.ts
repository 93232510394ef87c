import { AlignFault, type AlignPort } from '../align/index.ts';
import type { Clock, Log } from '../deps.ts';
import { isOn, type Pause } from '../pause.ts';
import type { Merge } from '../scans/index.ts';
import type { Store } from '../store/index.ts';
import type { ConnectionRow } from '../store/schema.ts';
import type { Vault } from '../vault/vault.ts';
import type { RxAnswer } from './facts.ts';

/** A person waits: what upstream did not say by then is told as no answer (ms). */
const PATIENCE_MS = 8000;
/** Of one clinic: whoever asks on and on must not make upstream answer each time. */
const MOST_AT_ONCE = 20;

export interface Asker {
  /**
   * Asks for one RX by its id, which upstream does not count (rules.md "Polling": calls filtered by chart number do count, so
   * there is none here). A case that is found goes through the merge as any other and becomes visible. Never rejects for
   * what upstream does: that is `no_answer`, also while it wants to be left alone (Retry-After) or many questions of this
   * clinic are before it.
   * @param deep also where it stands, when it has no case yet
   */
  ask(input: { connection: ConnectionRow; userId: string; rxId: string; deep: boolean }): Promise<RxAnswer>;
}

export function createAsker(parts: {
  store: Pick<Store, 'now'>;
  vault: Vault;
  align: Pick<AlignPort, 'orderByRxId' | 'fullRx'>;
  merge: Merge;
  clock: Clock;
  log: Log;
}): Asker {
  const { store, vault, align, merge, clock, log } = parts;
  /** By connection: questions that upstream has, and for how long it wants none. */
  const running = new Map<string, number>();
  const quiet = new Map<string, Pause>();

  function mayAsk({ id }: ConnectionRow): boolean {
    const pause = quiet.get(id);
    if (pause !== undefined && isOn(pause, clock.now())) return false;
    quiet.delete(id);
    return (running.get(id) ?? 0) < MOST_AT_ONCE;
  }

  function count({ id }: ConnectionRow, by: 1 | -1): void {
    const now = (running.get(id) ?? 0) + by;
    if (now > 0) running.set(id, now);
    else running.delete(id);
  }

  async function inquire({ connection, userId, rxId, deep }: Parameters<Asker['ask']>[0]): Promise<RxAnswer> {
    try {
      const askedAt = await store.now();
      const order = await vault.withToken({ connection, userId }, (token) => align.orderByRxId(token, rxId));
      if (order.accountId !== connection.account_id) return { kind: 'other_account' };
      await merge.merge({ connection, order, learntBy: 'recheck', askedAt });
      return { kind: 'found' };
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      if (error.kind !== 'not_found') return noAnswer(connection, error);
    }
    if (!deep) return { kind: 'not_found' };
    try {
      const rx = await vault.withToken({ connection, userId }, (token) => align.fullRx(token, rxId));
      const status = rx.rows.find(({ label }) => label === 'Status')?.value;
      // An RX that upstream has but says nothing of: all that is known is that no case came of it.
      return status === undefined ? { kind: 'no_answer' } : { kind: 'status', status };
    } catch (error) {
      if (!(error instanceof AlignFault)) throw error;
      return error.kind === 'not_found' ? { kind: 'not_found' } : noAnswer(connection, error);
    }
  }

  function noAnswer(connection: ConnectionRow, error: AlignFault): RxAnswer {
    const since = clock.now();
    if (error.retryAfterMs !== undefined) quiet.set(connection.id, { since, until: since + error.retryAfterMs });
    log.info({ connection: connection.id, kind: error.kind }, 'upstream could not be asked where a scan is');
    return { kind: 'no_answer' };
  }

  return {
    async ask(input) {
      if (!mayAsk(input.connection)) return { kind: 'no_answer' };
      count(input.connection, 1);
      // Also what nobody waits for any more is before upstream.
      const asked = inquire(input).finally(() => count(input.connection, -1));
      const enough = new AbortController();
      const late = clock.sleep(PATIENCE_MS, enough.signal).then(
        () => ({ kind: 'no_answer' }) as const,
        () => ({ kind: 'no_answer' }) as const,
      );
      try {
        return await Promise.race([asked, late]);
      } finally {
        enough.abort();
      }
    },
  };
}
