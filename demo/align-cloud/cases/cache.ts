import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseSpec, Detail } from './case-spec.ts';
import type { FileKind } from './names.ts';

/** Raised whenever the same spec would give other bytes. */
const GENERATION = 1;
/** A file that was asked for within this time is about to be opened, or a half-written one is about to be finished. */
const GRACE_MS = 10 * 60_000;

/** Finished files by a hash of all that determines them; over `limit` bytes the least recently used go. */
export class CaseCache {
  readonly #directory: string;
  readonly #limit: number;
  #pruning: Promise<void> | undefined;

  constructor(directory: string, limit: number) {
    this.#directory = directory;
    this.#limit = limit;
  }

  pathOf(kind: FileKind, spec: CaseSpec, detail: Detail): string {
    const hash = createHash('sha256').update(JSON.stringify([GENERATION, kind, detail, ...determinants(kind, spec)]));
    return join(this.#directory, `${kind}-${hash.digest('hex').slice(0, 32)}.zip`);
  }

  /** The size of a finished file, which then counts as just used; undefined when it is not there. */
  async find(path: string): Promise<number | undefined> {
    try {
      const now = new Date();
      await utimes(path, now, now);
      return (await stat(path)).size;
    } catch (error) {
      if (missing(error)) return undefined;
      throw error;
    }
  }

  async prepare(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
  }

  /** Deletes the oldest files until the rest fits; several calls at once are one. */
  prune(now = Date.now()): Promise<void> {
    this.#pruning ??= this.#prune(now).finally(() => (this.#pruning = undefined));
    return this.#pruning;
  }

  async #prune(now: number): Promise<void> {
    const files: { path: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      if (!/^(ide|gallery|captures)-[0-9a-f]{32}\.zip/.test(name)) continue;
      const path = join(this.#directory, name);
      try {
        const { size, mtimeMs } = await stat(path);
        if (name.endsWith('.zip')) files.push({ path, size, used: mtimeMs });
        else if (now - mtimeMs > GRACE_MS) await rm(path, { force: true });
      } catch (error) {
        if (!missing(error)) throw error;
      }
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size, used } of files.sort((a, b) => a.used - b.used)) {
      if (total <= this.#limit || now - used < GRACE_MS) return;
      await rm(path, { force: true });
      total -= size;
    }
  }
}

function missing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Pictures know nothing of notes or export settings, so a change of those leaves them as they are. */
function determinants(kind: FileKind, spec: CaseSpec): unknown[] {
  const { patient } = spec;
  const mouth = [
    spec.orderId,
    [patient.firstName, patient.lastName, patient.chartNumber],
    [spec.procedure, spec.procedureType],
    spec.teeth.map(({ adaId, restorationType, material, shade }) => [adaId, restorationType, material, shade]),
    [spec.revision, spec.variant, spec.scanDate],
  ];
  if (kind !== 'ide') return mouth;
  return [
    ...mouth,
    spec.orderCode,
    spec.rxId,
    spec.companyId,
    spec.companyName,
    spec.doctorName,
    spec.notes,
    spec.exportFormat,
    spec.layout,
  ];
}
