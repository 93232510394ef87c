import { makeFile, toCaseSpec } from '../case-files.ts';
import type { Cloud } from '../cloud.ts';
import { ASSET_TYPES } from '../model.ts';
import type { Account, Asset, AssetType, Order } from '../model.ts';
import { createOrder } from '../scanner.ts';
import { createWalkIn } from '../walk-in.ts';

const DAY = 86_400_000;
const PEOPLE: readonly [string, string][] = [
  ['Nora', 'Quist'],
  ['Tomás', 'Ibarra'],
  ['Aoife', 'Byrne'],
  ['Jun', 'Watanabe'],
  ['Priya', 'Raman'],
  ['Émile', 'Roux'],
];

/** The files of an old case are made when somebody asks for them, and their size is not told before. */
function lazyAsset(cloud: Cloud, order: Order, type: AssetType): Asset {
  return {
    type,
    revision: 1,
    modifiedDate: order.modifiedDate,
    sizeBytes: undefined,
    open: async () => {
      const rx = cloud.state.rxs.get(order.rxId);
      if (rx === undefined) throw new Error(`Order ${order.orderId} has lost its RX.`);
      const file = await makeFile(cloud, type, toCaseSpec(cloud, order, rx));
      if (file === null) throw new Error(`Order ${order.orderId} has no ${type}.`);
      return file;
    },
  };
}

/** Old cases of a clinic, from last week to more than 90 days ago, for whoever lists them the first time. */
export function seedHistory(cloud: Cloud, account: Account, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const person = PEOPLE[index % PEOPLE.length]!;
    const procedure = account.practice.procedures[index % account.practice.procedures.length]!;
    const rx = createWalkIn(cloud, account, {
      patient: { firstName: person[0], lastName: person[1], chartNumber: `H-${account.companyId}-${index + 1}` },
      procedureId: procedure.id,
    });
    const order = createOrder(cloud, rx, rx.patientId, index % 2 === 0);
    const at = cloud.clock.now() - (6 + index * 31) * DAY - cloud.random.between(0, DAY / 1000) * 1000;
    rx.state = 'scanned';
    rx.createdDate = at - 600_000;
    Object.assign(order, { scanDate: at, modifiedDate: at, status: 'Completed', available: true });
    for (const type of ASSET_TYPES) {
      if (type !== 'SCREEN_CAPTURES' || order.captures) order.assets.set(type, lazyAsset(cloud, order, type));
    }
  }
}
