/**
 * Everything in one place, as real as it gets: the simulator of Align's cloud, one or more processes of the BFF on one store,
 * and a fault proxy on each line between them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAlignCloud, type AlignCloud } from '../../demo/align-cloud/index.ts';
import type { MintedSession } from '../../shared/session.ts';
import {
  ALIGN_LOGINS,
  CLINICS,
  configOf,
  EVERY_COMPONENT,
  startBff,
  VENDOR_KEYS,
  type Clinic,
} from '../support/bff.ts';
import { launchBff, type BffProcess, type Launch } from './bff-process.ts';
import { createBriefCases } from './brief-cases.ts';
import { openFaultProxy, type FaultProxy, type Target } from './fault-proxy.ts';
import type { Listing } from './history.ts';
import { openListingBook } from './listing-book.ts';
import type { Seeded } from './seeded.ts';

export interface PairedClinic {
  readonly name: Clinic;
  readonly accountId: string;
  readonly companyId: number;
}

/** The place of one process: who is there now, if anybody. */
export interface Slot {
  readonly index: number;
  process: BffProcess | null;
  launch: Launch | null;
}

export interface Stage {
  readonly cloud: AlignCloud;
  readonly folder: string;
  readonly store: string;
  readonly clinics: readonly PairedClinic[];
  /** Senders → BFF, readers → BFF, BFF → operations, BFF → files. */
  readonly lines: {
    readonly front: FaultProxy;
    readonly stream: FaultProxy;
    readonly back: FaultProxy;
    readonly files: FaultProxy;
  };
  readonly slots: readonly Slot[];
  /** Starts the process of a slot; null when it was killed before it listened. */
  start(slot: Slot): Promise<BffProcess | null>;
  kill(slot: Slot): Promise<void>;
  /** A process that lives, asked around the proxies. */
  alive(): BffProcess | null;
  callbackUrl(clinic: PairedClinic): string;
  mint(clinic: PairedClinic): Promise<string>;
  /** Calls of Get Orders since the stage was opened, as the simulator saw them. */
  readonly listings: readonly Listing[];
  close(): Promise<void>;
}

export interface StageOptions {
  readonly random: Seeded;
  /** `postgres://…` of an empty database; a SQLite file in the stage's folder unless told. */
  readonly store?: string;
  readonly instances?: number;
  readonly clinics?: readonly Clinic[];
  readonly timings?: Readonly<Record<string, unknown>>;
  /** Where the store's file and the data stand. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const { random } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'itero-stage-'));
  const store = options.store ?? `sqlite:${join(folder, 'itero.db')}`;
  const names = options.clinics ?? (['riverside', 'lakeview', 'namesake'] as const);
  const [front, stream, back, files] = (await Promise.all(
    (['front', 'stream', 'back', 'files'] as const).map((name) =>
      openFaultProxy(random.fork(name), { halfClose: false }),
    ),
  )) as [FaultProxy, FaultProxy, FaultProxy, FaultProxy];
  const cloud = await createAlignCloud({
    port: 0,
    cdnPort: 0,
    publicUrl: back.url,
    cdnUrl: files.url,
    cases: createBriefCases(),
    seed: 'stage',
  });
  const book = openListingBook(cloud);
  const { port, cdnPort } = cloud;
  back.route = () => ({ port });
  files.route = () => ({ port: cdnPort });
  cloud.allowRedirect(`${front.url}/v1/pairing/callback`);
  // Every notification is sent by the run itself, which keeps a journal of the answers.
  cloud.faults.add({ on: 'notification', kind: 'drop', times: 'always' });

  const slots: Slot[] = Array.from({ length: options.instances ?? 1 }, (_, index) => ({
    index,
    process: null,
    launch: null,
  }));
  let turn = 0;
  const living = (): Target | null => {
    const there = slots.filter((slot) => slot.process?.alive === true);
    turn += 1;
    return there[turn % Math.max(1, there.length)]?.process ?? null;
  };

  const bffOptions = { cloud, store, dataDir: folder, timings: { ...options.timings } };
  // Signed in by one process, worked by the next ones.
  const first = await startBff({ ...bffOptions, publicUrl: front.url });
  front.route = () => ({ port: Number(new URL(first.url).port) });
  for (const name of names) await first.pair(name);
  await first.stop();
  front.route = living;
  stream.route = living;

  const configs = slots.map(({ index }) => {
    const own = join(folder, `instance-${index}`);
    mkdirSync(own, { recursive: true });
    const config = { ...configOf(front.url, own, { ...bffOptions, dataDir: own }), host: '127.0.0.1', port: 0 };
    const path = join(own, 'itero-embed.config.json');
    writeFileSync(path, JSON.stringify(config));
    return path;
  });

  const alive = (): BffProcess | null => slots.find((slot) => slot.process?.alive === true)?.process ?? null;

  return {
    cloud,
    folder,
    store,
    clinics: names.map((name) => ({
      name,
      accountId: ALIGN_LOGINS[name].accountId,
      companyId: Number(ALIGN_LOGINS[name].accountId),
    })),
    lines: { front, stream, back, files },
    slots,
    async start(slot) {
      const launch = launchBff({ config: configs[slot.index] ?? '', folder, ...(options.env && { env: options.env }) });
      slot.launch = launch;
      slot.process = await launch.ready;
      return slot.process;
    },
    async kill(slot) {
      await slot.launch?.kill();
      slot.process = null;
      slot.launch = null;
    },
    alive,
    callbackUrl({ companyId, name }) {
      const url = cloud.state.accounts.get(companyId)?.callbackUrl;
      if (url === undefined) throw new Error(`${name} gave upstream no callback`);
      return url;
    },
    async mint({ name }) {
      const { vendor, tenant } = CLINICS[name];
      const { port: at } = alive() ?? { port: 9 };
      const answer = await fetch(`http://127.0.0.1:${at}/v1/sessions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${VENDOR_KEYS[vendor]}`, 'content-type': 'application/json' },
        body: JSON.stringify({ tenant, user: { id: 'u-dentist' }, components: EVERY_COMPONENT, expiresIn: 3600 }),
      });
      if (!answer.ok) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
      return ((await answer.json()) as MintedSession).session_token;
    },
    listings: book.listings,
    async close() {
      book.close();
      for (const slot of slots) {
        await slot.launch?.kill();
        slot.process = null;
      }
      await Promise.all([front, stream, back, files].map((line) => line.close()));
      await cloud.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
