import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { CaseFactory, CaseFile, CaseSpec } from '../../../demo/align-cloud/cases/index.ts';

export interface TinyCases extends CaseFactory {
  /** Every spec a file was asked for, oldest first. */
  readonly asked: { kind: string; spec: CaseSpec }[];
  /** Holds back files until called, so that a test can look in between. */
  hold(): () => void;
}

/** Real zips of a few kilobytes, made at once: the simulator's own behaviour is what these tests look at. */
export async function createTinyCases(): Promise<TinyCases> {
  const folder = await mkdtemp(join(tmpdir(), 'tiny-cases-'));
  await mkdir(folder, { recursive: true });
  const asked: { kind: string; spec: CaseSpec }[] = [];
  let gate: Promise<void> = Promise.resolve();

  async function file(kind: string, spec: CaseSpec): Promise<CaseFile> {
    asked.push({ kind, spec });
    await gate;
    const text = `${kind} ${spec.orderId} ${spec.variant} ${spec.revision} ${spec.exportFormat ?? ''}`;
    const bytes = zipSync({ [`${kind}.txt`]: strToU8(text.repeat(200)) }, { level: 0 });
    const path = join(folder, `${kind}-${spec.orderId}-${spec.revision}-${spec.exportFormat ?? ''}.zip`);
    await writeFile(path, bytes);
    return { fileName: `${kind}_${spec.orderId}.zip`, contentType: 'application/zip', sizeBytes: bytes.length, path };
  }

  return {
    asked,
    ide: (spec) => file('ide', spec),
    gallery: (spec) => file('gallery', spec),
    screenCaptures: (spec) => (spec.captures ? file('captures', spec) : Promise.resolve(null)),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
