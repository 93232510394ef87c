import { conflict } from './api-error.ts';
import { makeFile, toCaseSpec } from './case-files.ts';
import { FLOW } from './case-flow.ts';
import type { FlowEvent } from './case-flow.ts';
import type { Cloud } from './cloud.ts';
import { ASSET_TYPES } from './model.ts';
import type { Asset, AssetFile, AssetType, Order, OrderStatus, Rx, Variant } from './model.ts';
import { notify } from './notifications.ts';

/** A regenerated iDE comes back after 40 to 80 s (align-api §6). */
const IDE_BACK_SECONDS = [40, 80] as const;

async function makeAsset(cloud: Cloud, order: Order, rx: Rx, type: AssetType): Promise<Asset | null> {
  const { revision } = order;
  const spec = toCaseSpec(cloud, order, rx);
  const file = await makeFile(cloud, type, spec);
  if (file === null) return null;
  // Asked again at each download: the factory's cache may have dropped the file by then, and makes it anew.
  const open = async (): Promise<AssetFile> => (await makeFile(cloud, type, spec)) ?? file;
  return { type, revision, modifiedDate: cloud.clock.now(), sizeBytes: file.sizeBytes, open };
}

function withdraw(order: Order, type: AssetType): void {
  order.pending.get(type)?.();
  order.pending.delete(type);
  order.assets.delete(type);
}

function put(cloud: Cloud, order: Order, asset: Asset): void {
  withdraw(order, asset.type);
  const now = cloud.clock.now();
  order.assets.set(asset.type, { ...asset, modifiedDate: now });
  order.modifiedDate = now;
}

interface Return {
  type: AssetType;
  seconds: number;
  asset: Promise<Asset | null>;
  why: string;
}

/** The file is put back later by the clock, unless something newer took its place by then. */
function putLater(cloud: Cloud, order: Order, rx: Rx, { type, seconds, asset, why }: Return): void {
  const cancel = cloud.clock.after(seconds * 1000, async () => {
    const ready = await asset;
    if (ready === null || order.pending.get(type) !== cancel) return;
    put(cloud, order, ready);
    notify(cloud, rx, why);
  });
  order.pending.set(type, cancel);
}

export interface Renewal {
  variant: Variant;
  status: OrderStatus;
  /** What the notification says for the log; undefined sends none. */
  why: string | undefined;
}

/** New files for a case, then its new status and the notification. The old files stay until the new ones are there. */
export async function renewFiles(cloud: Cloud, order: Order, rx: Rx, { variant, status, why }: Renewal): Promise<void> {
  const where = { companyId: order.companyId };
  const absent = cloud.faults.take('scan', ['ide-absent'], where);
  const late = cloud.faults.take('scan', ['thumbnails-late'], where);
  order.busy = true;
  order.variant = variant;
  if (order.available) order.revision += 1;
  const types = variant === 'scan' || variant === 'rescan' ? ASSET_TYPES : (['IDE', 'IMAGE_GALLERY'] as const);
  try {
    const made = await Promise.all(types.map((type) => makeAsset(cloud, order, rx, type)));
    for (const [index, asset] of made.entries()) {
      const type = types[index]!;
      withdraw(order, type);
      const fault = type === 'IDE' ? absent : type === 'IMAGE_GALLERY' ? late : undefined;
      if (asset !== null && fault === undefined) put(cloud, order, asset);
      else if (asset !== null && fault?.seconds !== undefined) {
        const reason = type === 'IDE' ? 'iDE is back' : 'pictures are ready';
        putLater(cloud, order, rx, { type, seconds: fault.seconds, asset: Promise.resolve(asset), why: reason });
      }
    }
    order.status = status;
    order.modifiedDate = cloud.clock.now();
    order.available = true;
  } finally {
    order.busy = false;
  }
  if (why !== undefined) notify(cloud, rx, why);
}

function rxOf(cloud: Cloud, order: Order): Rx {
  const rx = cloud.state.rxs.get(order.rxId);
  if (rx === undefined) throw new Error(`Order ${order.orderId} has lost its RX.`);
  return rx;
}

function requireIdle(order: Order): void {
  if (order.busy || !order.available) throw conflict('The files of this case are being made.');
}

/** One row of the case-flow table. `finished` ends when the new files, if any, are there. */
export function step(cloud: Cloud, order: Order, event: FlowEvent): Promise<void> {
  requireIdle(order);
  const { from, to, files, notify: tells, label } = FLOW[event];
  if (!from.includes(order.status)) throw conflict(`“${label}” does not follow ${order.status}.`);
  const rx = rxOf(cloud, order);
  if (files === undefined) {
    order.status = to;
    order.modifiedDate = cloud.clock.now();
    if (tells) notify(cloud, rx, event);
    return Promise.resolve();
  }
  const finished = renewFiles(cloud, order, rx, { variant: files, status: to, why: tells ? event : undefined });
  cloud.track(finished);
  return finished;
}

export interface ExportSettings {
  format?: 'stl' | 'ply';
  layout?: 'flat' | 'folder';
}

/** A doctor changes the export settings: the iDE is gone at once and comes back regenerated. Returns the seconds until then. */
export function changeExportSettings(cloud: Cloud, order: Order, settings: ExportSettings): number | undefined {
  requireIdle(order);
  const rx = rxOf(cloud, order);
  const fault = cloud.faults.take('scan', ['ide-absent'], { companyId: order.companyId });
  order.exportFormat = settings.format ?? order.exportFormat;
  order.layout = settings.layout ?? order.layout;
  order.revision += 1;
  withdraw(order, 'IDE');
  order.modifiedDate = cloud.clock.now();
  if (fault !== undefined && fault.seconds === undefined) return undefined;
  const seconds = fault?.seconds ?? cloud.random.between(...IDE_BACK_SECONDS);
  const asset = makeAsset(cloud, order, rx, 'IDE');
  cloud.track(asset);
  putLater(cloud, order, rx, { type: 'IDE', seconds, asset, why: 'iDE is back' });
  return seconds;
}
