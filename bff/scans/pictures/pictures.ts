import type { View } from '../../../shared/scan.ts';
import { AlignFault, type AlignPort } from '../../align/index.ts';
import { uncounted, type Activity, type Log } from '../../deps.ts';
import { ProblemError } from '../../http/problem-error.ts';
import { RecentlyUsed } from '../../recently-used.ts';
import type { Store } from '../../store/index.ts';
import type { ConnectionRow, ScanRow } from '../../store/schema.ts';
import type { Vault } from '../../vault/vault.ts';
import { parseAssets, type StoredAsset } from '../version.ts';
import { GalleryError, readGallery } from './gallery-zip.ts';
import type { GalleryKey, Picture, PictureFiles, PictureSize } from './picture-files.ts';
import { toSmallPicture } from './small-picture.ts';
import { createTurns } from './turns.ts';

/** The pictures of the cases: unpacked once at the merge, kept for a while, fetched again on demand. */
export interface Pictures {
  /** A picture that is in memory: no file, no database, no promise. */
  hot(key: GalleryKey, view: View, size: PictureSize): Buffer | undefined;
  /**
   * @throws ProblemError `asset_not_ready` (also: the gallery was replaced and its former pictures are not kept any more),
   * `not_found` when the gallery has no such view; AlignFault when upstream fails
   */
  get(connection: ConnectionRow, key: GalleryKey, view: View, size: PictureSize): Promise<Buffer>;
  /** In the background, after a version brought another gallery. */
  warm(scan: { connection: ConnectionRow; orderId: string; version: string }): void;
  /** To be run hourly. */
  prune(): Promise<void>;
  /** Resolves when nothing is being fetched any more. */
  stop(): Promise<void>;
}

/** Fetches at once; each holds one gallery in memory. */
const CONCURRENT = 3;

export function createPictures(parts: {
  store: Store;
  files: PictureFiles;
  vault: Vault;
  align: Pick<AlignPort, 'openAsset' | 'orderByRxId'>;
  log: Log;
  now: () => number;
  activity?: Activity | undefined;
  limits?: { memoryBytes: number; diskBytes: number; keepMs: number };
}): Pictures {
  const { store, files, vault, align, log, now, activity = uncounted } = parts;
  const limits = parts.limits ?? { memoryBytes: 48 << 20, diskBytes: 4 * 1024 ** 3, keepMs: 60 * 86_400_000 };
  const memory = new RecentlyUsed<Buffer>(limits.memoryBytes, (picture) => picture.length);
  const running = new Map<string, Promise<readonly Picture[]>>();
  const inTurn = createTurns(CONCURRENT);
  const closing = new AbortController();

  /** One fetch per gallery, however many wait for it. */
  function fetchOnce(connection: ConnectionRow, key: GalleryKey): Promise<readonly Picture[]> {
    const name = JSON.stringify(key);
    const known = running.get(name);
    if (known !== undefined) return known;
    const run = activity.run(() => inTurn(() => fetchGallery(connection, key))).finally(() => running.delete(name));
    running.set(name, run);
    return run;
  }

  async function fetchGallery(connection: ConnectionRow, key: GalleryKey): Promise<readonly Picture[]> {
    closing.signal.throwIfAborted();
    const scan = await findCase(key);
    const gallery = scan === undefined ? undefined : parseAssets(scan.assets).find((asset) => asset.name === 'gallery');
    if (scan === undefined || gallery === undefined || gallery.version !== key.version) {
      throw new ProblemError('asset_not_ready');
    }
    const full = await download(connection, scan, gallery);
    const made = await Promise.all(
      [...full].map(async ([view, bytes]): Promise<Picture[]> => [
        { view, size: 'full', bytes },
        { view, size: 'small', bytes: await toSmallPicture(bytes) },
      ]),
    );
    const pictures = made.flat();
    await files.write(key, pictures);
    return pictures;
  }

  /** By the link that is kept; when it has aged, by a fresh one: links change at each listing and expire. */
  async function download(connection: ConnectionRow, scan: ScanRow, gallery: StoredAsset): Promise<Map<View, Buffer>> {
    const { signal } = closing;
    const from = (url: string): Promise<Map<View, Buffer>> =>
      vault.withToken({ connection }, async (token) => {
        const asset = await align.openAsset(token, url, { signal });
        return readGallery(asset.body);
      });
    try {
      return await from(gallery.url);
    } catch (error) {
      const rxId = scan.rx_id;
      const mayHelp = error instanceof GalleryError || (error instanceof AlignFault && error.kind !== 'not_paired');
      if (!mayHelp || rxId === null) throw error;
      const order = await vault.withToken({ connection }, (token) => align.orderByRxId(token, rxId));
      const fresh = order.assets.find((asset) => asset.name === 'gallery');
      if (order.orderId !== scan.order_id || fresh === undefined) throw new ProblemError('asset_not_ready', {}, error);
      return from(fresh.url);
    }
  }

  /** False when the gallery was unpacked before and has no such view; one that was evicted is fetched again. */
  async function mayHold(key: GalleryKey, view: View): Promise<boolean> {
    const scan = await findCase(key);
    return scan === undefined || scan.views === null || (JSON.parse(scan.views) as View[]).includes(view);
  }

  function findCase(key: GalleryKey): Promise<ScanRow | undefined> {
    const { version: _, ...scan } = key;
    return store.db
      .selectFrom('scans')
      .selectAll()
      .where((eb) => eb.and(scan))
      .executeTakeFirst();
  }

  return {
    hot: (key, view, size) => memory.get(toName(key, view, size)),

    async get(connection, key, view, size) {
      let picture = await files.read(key, view, size);
      if (picture === null && (await mayHold(key, view))) {
        const pictures = await fetchOnce(connection, key).catch(rethrowUnreadable);
        const found = pictures.find((one) => one.view === view && one.size === size);
        picture = found === undefined ? null : Buffer.from(found.bytes);
      }
      if (picture === null) throw new ProblemError('not_found');
      if (size === 'small' && picture.length <= limits.memoryBytes / 8) memory.set(toName(key, view, size), picture);
      return picture;
    },

    warm({ connection, orderId, version }) {
      const { vendor, tenant, environment, account_id } = connection;
      fetchOnce(connection, { vendor, tenant, environment, account_id, order_id: orderId, version }).catch(
        (error: unknown) => {
          if (closing.signal.aborted) return;
          // Not lost: the first one who looks makes it be fetched again.
          log.info({ connection: connection.id, orderId, error }, 'a gallery could not be unpacked yet');
        },
      );
    },

    prune: () => files.prune({ bytes: limits.diskBytes, usedBefore: now() - limits.keepMs }),

    async stop() {
      closing.abort(new Error('the service stops'));
      await Promise.allSettled(running.values());
    },
  };
}

function toName(key: GalleryKey, view: View, size: PictureSize): string {
  const { vendor, tenant, environment, account_id, order_id, version } = key;
  return `${vendor}\0${tenant}\0${environment}\0${account_id}\0${order_id}\0${version}\0${view}\0${size}`;
}

/** A gallery that upstream served broken is not there yet. */
function rethrowUnreadable(error: unknown): never {
  throw error instanceof GalleryError ? new ProblemError('asset_not_ready', {}, error) : error;
}
