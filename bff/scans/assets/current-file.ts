import { AlignFault, type AlignPort } from '../../align/index.ts';
import type { Clock } from '../../deps.ts';
import { ProblemError } from '../../http/problem-error.ts';
import type { Store } from '../../store/index.ts';
import type { ConnectionRow, ScanRow } from '../../store/schema.ts';
import type { Vault } from '../../vault/vault.ts';
import type { Merge } from '../merge.ts';
import { caseRows } from '../case-query.ts';
import { parseAssets, type StoredAsset } from '../version.ts';

export interface CurrentFiles {
  /**
   * A file of a case with a link that works now: links change at each listing and expire, so the order is read afresh.
   * What that shows is merged like any other observation. When upstream gives no answer the kept link is tried.
   * @param renew ask again, also when it was asked a moment ago
   * @throws ProblemError `asset_not_ready`; AlignFault `not_paired`, `invalid_grant` and the like
   */
  find(
    connection: ConnectionRow,
    userId: string | undefined,
    scan: ScanRow,
    name: 'ide' | 'captures',
    renew: boolean,
  ): Promise<StoredAsset>;
}

/** Parts of one download follow each other quickly: they share one look (ms). */
const FRESH_MS = 30_000;
const MAX_LOOKS = 1000;

export function createCurrentFiles(parts: {
  store: Store;
  vault: Vault;
  align: Pick<AlignPort, 'orderByRxId'>;
  merge: Merge;
  clock: Clock;
}): CurrentFiles {
  const { store, vault, align, merge, clock } = parts;
  const looks = new Map<string, number>();

  async function look(
    connection: ConnectionRow,
    userId: string | undefined,
    scan: ScanRow,
    rxId: string,
  ): Promise<void> {
    try {
      const askedAt = await store.now();
      const order = await vault.withToken({ connection, userId }, (token) => align.orderByRxId(token, rxId));
      const same = order.orderId === scan.order_id && order.accountId === scan.account_id;
      if (same) await merge.merge({ connection, order, learntBy: 'recheck', askedAt });
    } catch (error) {
      const passing = ['not_found', 'unavailable', 'timeout', 'rate_limited', 'wrong_shape'];
      if (!(error instanceof AlignFault) || !passing.includes(error.kind)) throw error;
    }
  }

  return {
    async find(connection, userId, scan, name, renew) {
      const key = `${scan.vendor}\0${scan.tenant}\0${scan.environment}\0${scan.account_id}\0${scan.order_id}`;
      const looked = looks.get(key);
      const now = clock.now();
      // Never of a look that is still to come: the clock was set back since.
      const fresh = looked !== undefined && now >= looked && now - looked < FRESH_MS;
      if (scan.rx_id !== null && (renew || !fresh)) {
        await look(connection, userId, scan, scan.rx_id);
        if (looks.size >= MAX_LOOKS) looks.clear();
        looks.set(key, clock.now());
      }
      const cases = { ...scan, accountId: scan.account_id };
      const row = await caseRows(store.db, cases)
        .select('assets')
        .where('order_id', '=', scan.order_id)
        .executeTakeFirst();
      const file = parseAssets(row?.assets ?? '[]').find((asset) => asset.name === name);
      if (file === undefined) throw new ProblemError('asset_not_ready');
      return file;
    },
  };
}
