import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { View } from '../../../shared/scan.ts';
import type { Log } from '../../deps.ts';
import type { Store } from '../../store/index.ts';
import { SealError, type Seal } from '../../vault/seal.ts';
import { parseAssets } from '../version.ts';
import { sweepOrphans } from './orphans.ts';

/** One gallery: the pictures of a case as one version brought them. */
export interface GalleryKey {
  readonly vendor: string;
  readonly tenant: string;
  readonly environment: string;
  readonly account_id: string;
  readonly order_id: string;
  readonly version: string;
}

export type PictureSize = 'small' | 'full';

export interface Picture {
  readonly view: View;
  readonly size: PictureSize;
  readonly bytes: Uint8Array;
}

/**
 * Pictures at rest: encrypted files, each bound to its clinic, case and view, with an index in the database. Each instance
 * has files of its own (or they share a folder): a row says that the picture is kept somewhere, and whoever has not got its file
 * fetches it and has it too from then on.
 */
export interface PictureFiles {
  read(key: GalleryKey, view: View, size: PictureSize): Promise<Buffer | null>;
  /** What finds no place on the disk is not kept, and no fault: it is fetched again. */
  write(key: GalleryKey, pictures: readonly Picture[]): Promise<void>;
  /** Least recently used first, until all fit and none is too old; files here whose row is gone go too. */
  prune(limits: { bytes: number; usedBefore: number }): Promise<void>;
}

/** Use is noted once in so long (ms), not at every hit. */
const NOTE_USE_MS = 3_600_000;
const PRUNE_CHUNK = 200;
/** A file is written before its row; a younger one may be about to get it (ms). */
const ORPHAN_AGE_MS = 3_600_000;

export function createPictureFiles(parts: {
  store: Store;
  seal: Seal;
  directory: string;
  now: () => number;
  log: Log;
}): PictureFiles {
  const { store, seal, directory, now, log } = parts;
  const pathOf = (file: string): string => join(directory, file.slice(0, 2), file);
  const rowsOf = (key: GalleryKey) =>
    store.db
      .selectFrom('pictures')
      .where('vendor', '=', key.vendor)
      .where('tenant', '=', key.tenant)
      .where('environment', '=', key.environment)
      .where('account_id', '=', key.account_id)
      .where('order_id', '=', key.order_id)
      .where('version', '=', key.version);

  async function remove(file: string): Promise<void> {
    await store.write((tx) => tx.deleteFrom('pictures').where('file', '=', file).execute());
    await rm(pathOf(file), { force: true });
  }

  return {
    async read(key, view, size) {
      const row = await rowsOf(key)
        .select(['file', 'used_at'])
        .where('view', '=', view)
        .where('size', '=', size)
        .executeTakeFirst();
      if (row === undefined) return null;
      let sealed: Buffer;
      try {
        sealed = await readFile(pathOf(row.file));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          log.warn({ error }, 'a kept picture could not be read; it is fetched again');
          return null;
        }
        // Lost with the disk's cache folder, or only on another instance: it is fetched again, or for the first time here.
        if (!store.shared) await remove(row.file);
        return null;
      }
      if (now() - row.used_at > NOTE_USE_MS) {
        const used = { used_at: now() };
        await store.write((tx) => tx.updateTable('pictures').set(used).where('file', '=', row.file).execute());
      }
      try {
        const plain = seal.unsealBytes(sealed, toContext(key, view, size));
        return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        // Its key was taken away, or its disk changed it: a cache is fetched again.
        return null;
      }
    },

    async write(key, pictures) {
      const written = await Promise.allSettled(
        pictures.map(async ({ view, size, bytes }) => {
          const context = toContext(key, view, size);
          const file = createHash('sha256').update(context).digest('hex');
          await writeWhole(pathOf(file), seal.sealBytes(bytes, context));
          return { ...key, view, size, file, bytes: bytes.byteLength, created_at: now(), used_at: now() };
        }),
      );
      const rows = written.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      const fault = written.find((one) => one.status === 'rejected');
      if (fault) log.warn({ error: fault.reason as unknown }, 'pictures could not be kept; they are fetched each time');
      const views = JSON.stringify(pictures.filter(({ size }) => size === 'small').map(({ view }) => view));
      await store.write(async (tx) => {
        for (const row of rows) {
          await tx
            .insertInto('pictures')
            .values(row)
            .onConflict((conflict) =>
              conflict
                .columns(['vendor', 'tenant', 'environment', 'account_id', 'order_id', 'version', 'view', 'size'])
                .doUpdateSet({ bytes: row.bytes, used_at: row.used_at }),
            )
            .execute();
        }
        // The case knows now which of the six its gallery holds, unless it has another gallery by now.
        const { version, ...scan } = key;
        const row = await tx
          .selectFrom('scans')
          .select('assets')
          .where((eb) => eb.and(scan))
          .executeTakeFirst();
        const gallery = parseAssets(row?.assets ?? '[]').find((asset) => asset.name === 'gallery');
        if (gallery?.version !== version) return;
        await tx
          .updateTable('scans')
          .set({ views })
          .where((eb) => eb.and(scan))
          .execute();
      }, key);
    },

    async prune(limits) {
      await pruneRows(limits);
      await sweepOrphans(directory, now() - ORPHAN_AGE_MS, (names) => unknownTo(store, names));
    },
  };

  async function pruneRows({ bytes, usedBefore }: { bytes: number; usedBefore: number }): Promise<void> {
    const total = await store.db
      .selectFrom('pictures')
      .select((eb) => eb.fn.sum<number | string | null>('bytes').as('bytes'))
      .executeTakeFirst();
    let left = Number(total?.bytes ?? 0);
    for (;;) {
      const oldest = await store.db
        .selectFrom('pictures')
        .select(['file', 'bytes', 'used_at'])
        .orderBy('used_at')
        .limit(PRUNE_CHUNK)
        .execute();
      for (const row of oldest) {
        if (left <= bytes && row.used_at >= usedBefore) return;
        await remove(row.file);
        left -= row.bytes;
      }
      if (oldest.length < PRUNE_CHUNK) return;
    }
  }
}

/** Of these files, those that no row knows. */
async function unknownTo(store: Store, names: readonly string[]): Promise<string[]> {
  const rows = await store.db.selectFrom('pictures').select('file').where('file', 'in', names).execute();
  const known = new Set(rows.map((row) => row.file));
  return names.filter((name) => !known.has(name));
}

/** A file that was moved to another clinic's place does not open there. */
function toContext(key: GalleryKey, view: View, size: PictureSize): string {
  const { vendor, tenant, environment, account_id, order_id, version } = key;
  return JSON.stringify(['picture', vendor, tenant, environment, account_id, order_id, version, view, size]);
}

/** Whole or not at all, also when the process dies. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
  await rename(part, path);
}
