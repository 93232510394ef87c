import { afterEach, expect, it } from 'vitest';
import { createAlignCloud, type AlignCloud } from '../../demo/align-cloud/index.ts';
import { openListingBook, type ListingBook } from './listing-book.ts';

let cloud: AlignCloud;
let book: ListingBook;
afterEach(async () => {
  book.close();
  await cloud.close();
});

const NOON = Date.UTC(2026, 10, 20, 12);

it('writes down every listing that comes in at the simulator, and nothing else', async () => {
  cloud = await createAlignCloud({ port: 0, cdnPort: 0, clock: 'manual', startAt: NOON });
  book = openListingBook(cloud);
  const [companyId, account] = [...cloud.state.accounts].find(([, { isConfigured }]) => isConfigured) ?? [0, undefined];
  const userId = cloud.state.users.find(({ companyIds }) => companyIds.includes(companyId))?.id ?? '';
  const tokens = { accessToken: 'at', accessExpiresAt: NOON + 1000, refreshToken: 'rt', revoked: false };
  cloud.state.grants.set('g', { id: 'g', userId, companyId, ...tokens });
  cloud.state.accessTokens.set('at', { grantId: 'g', expiresAt: NOON + 1000 });
  account?.paired.set(userId, 'g');
  const get = async (path: string, token = 'at'): Promise<number> => {
    const answer = await fetch(`${cloud.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    await answer.text();
    return answer.status;
  };

  const [from, upTo] = [NOON - 1000, NOON + 1000].map((ms) => new Date(ms).toISOString());
  expect(await get(`/api/v2/orders?fromDate=${from}&toDate=${upTo}&page=3`)).toBe(200);
  expect(await get('/api/v2/orders/by-rx/rx-1')).toBe(404);
  expect(await get('/api/v2/orders', 'of nobody')).toBe(401);
  await cloud.clock.advance(2000);
  expect(await get('/api/v2/orders?pageSize=5')).toBe(401);

  const accountId = String(companyId);
  expect(book.listings).toEqual([
    { accountId, at: NOON, from: NOON - 1000, upTo: NOON + 1000, page: 3, status: 200 },
    { accountId, at: NOON + 2000, from: null, upTo: null, page: 1, status: 401 },
  ]);
  expect(cloud.calls('getOrders').filter((call) => call.companyId === companyId)).toHaveLength(book.listings.length);
});
