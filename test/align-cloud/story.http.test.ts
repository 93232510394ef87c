import { afterAll, beforeAll, expect, test } from 'vitest';
import { unzipSync } from 'fflate';
import { ADAMS, call, orderOf, pairAs, scanRx, sendRx, startAlign, startCallback } from './support/practice-system.ts';
import type { Json, Order, Simulated } from './support/practice-system.ts';

let simulated: Simulated;
let callback: Awaited<ReturnType<typeof startCallback>>;
beforeAll(async () => {
  simulated = await startAlign();
  callback = await startCallback();
});
afterAll(async () => {
  await simulated.align.close();
  await callback.close();
});

test('from sign-in to a downloaded case: pair, send an RX, scan, be told, list, download', async () => {
  const { align } = simulated;
  const token = await pairAs(align, ADAMS, 1017, callback.url);
  const practice = await call(align, 'getPracticeConfiguration', { token });
  const procedures = practice.body['procedures'] as Json[];
  const restorative = procedures.find(({ name }) => name === 'Fixed Restorative')!;
  const type = (restorative['types'] as Json[])[0]!;
  const rxId = await sendRx(align, token, {
    procedureId: restorative['id'],
    procedureTypeId: type['id'],
    teeth: [{ adaId: 14, restorationType: 'Crown', materialId: 1, shade: 'A2' }],
  });

  await scanRx(align, rxId);

  expect(callback.messages()).toEqual([{ rxId, accountNumber: '1017' }]);
  const listed = await call(align, 'getOrders', { token });
  expect(listed.body).toMatchObject({ page: 1, total: 1 });
  const order = (listed.body['orders'] as Order[])[0]!;
  expect(order).toMatchObject({ rxId, companyId: 1017, status: 'Completed', procedure: 'Fixed Restorative' });
  expect(order.assets.map((asset) => asset.type)).toEqual(['IDE', 'IMAGE_GALLERY', 'SCREEN_CAPTURES']);
  expect((await orderOf(align, token, rxId)).orderId).toBe(order.orderId);

  const gallery = order.assets.find((asset) => asset.type === 'IMAGE_GALLERY')!;
  const file = await fetch(gallery.url, { headers: { authorization: `Bearer ${token}` } });
  const bytes = new Uint8Array(await file.arrayBuffer());
  expect(bytes.length).toBe(gallery.sizeBytes);
  expect(Object.keys(unzipSync(bytes))).toEqual(['gallery.txt']);
});
