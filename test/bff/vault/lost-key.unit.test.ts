/** An encryption key was taken away that tokens still need. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemRandom } from '../../../bff/clock.ts';
import { createSeal } from '../../../bff/vault/seal.ts';
import { createTokenSets } from '../../../bff/vault/token-sets.ts';
import { createVaultStand } from './stand.ts';

let stand: Awaited<ReturnType<typeof createVaultStand>>;
beforeEach(async () => {
  stand = await createVaultStand();
});
afterEach(() => stand.close());

/** As an instance stored it whose only key is another one. */
async function sealOtherwise(tokenId: string): Promise<() => Promise<void>> {
  const { store, clock } = stand;
  const seal = createSeal([new Uint8Array(32).fill(9)], createSystemRandom());
  const row = await store.db.selectFrom('align_tokens').selectAll().where('id', '=', tokenId).executeTakeFirstOrThrow();
  const set = createTokenSets({ store, seal: stand.seal, clock }).open(row);
  const put = (access: string, refresh: string): Promise<unknown> =>
    store.write((tx) => tx.updateTable('align_tokens').set({ access, refresh }).where('id', '=', tokenId).execute());
  await put(
    seal.seal(set.accessToken, `align_tokens/${tokenId}/access`),
    seal.seal(set.refreshToken, `align_tokens/${tokenId}/refresh`),
  );
  return async () => void (await put(row.access, row.refresh));
}

describe('a login whose tokens cannot be opened', () => {
  it('lets others of the clinic do its work, also for its owner', async () => {
    const connection = await stand.connection();
    await stand.login(connection, 'bob', 5000);
    await sealOtherwise(await stand.login(connection, 'ann'));
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('bob');
    expect(await stand.vault.withToken({ connection, userId: 'ann' }, stand.use)).toBe('bob');
  });

  it('alone is a fault of the configuration: nothing is settled by it, and it works again when the key is back', async () => {
    const connection = await stand.connection();
    const back = await sealOtherwise(await stand.login(connection, 'ann'));
    await expect(stand.vault.withToken({ connection }, stand.use)).rejects.toMatchObject({
      kind: 'not_configured',
      property: 'encryptionKeys',
    });
    expect([stand.refused, stand.lost]).toEqual([[], []]);
    await back();
    expect(await stand.vault.withToken({ connection }, stand.use)).toBe('ann');
  });
});
