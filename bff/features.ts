import type { AlignPort } from './align/index.ts';
import { createAudit, createAuditEndpoint } from './audit/index.ts';
import type { Activity, Clock, Figure, FlowMeter, Log, Random } from './deps.ts';
import { createEventLog, createEventStream, pruneEvents, type EventStream } from './events/index.ts';
import type { ReadyRoute } from './http/at-once.ts';
import type { DirectRoute } from './http/direct.ts';
import type { Endpoint } from './http/endpoint.ts';
import { createIntake, type Intake } from './intake/index.ts';
import { LateWrites } from './late-writes.ts';
import { createLedgerEndpoint } from './ledger/endpoint.ts';
import { createLedgerFigures } from './ledger/figures.ts';
import { createLedgerSummary } from './ledger/summary.ts';
import type { PartnerTokens } from './pairing/callback-partner.ts';
import { createPairing } from './pairing/create-pairing.ts';
import { createQuietAccounts } from './pairing/quiet-accounts.ts';
import { createPracticeBook, createRequestEndpoints, recoverCutOffRequests } from './requests/index.ts';
import {
  createAssetLinks,
  createAssets,
  createCasePictures,
  createMerge,
  createRechecks,
  createScanEndpoints,
  createServerScanEndpoints,
} from './scans/index.ts';
import { createSessionEndpoints } from './session/endpoints.ts';
import { createSessions, type Sessions } from './session/sessions.ts';
import { createSessionTokens } from './session/token.ts';
import type { Store } from './store/index.ts';
import { createSeal } from './vault/seal.ts';
import type { Vendors } from './vendors.ts';
import { createWhereEndpoint } from './where/endpoint.ts';

/** What runs beside the answers. */
export interface Background {
  start(): void;
  stop(): void | Promise<void>;
}

export interface Features {
  readonly endpoints: readonly Endpoint[];
  /** The short ways to some of them. */
  readonly ready: ReadyRoute;
  readonly callbacks: readonly DirectRoute[];
  /** Notifications refused since the start because they could not be stored. */
  intakeFailures(): number;
  /** Read when somebody looks. */
  readonly figures: readonly Figure[];
  readonly sessions: Sessions;
  readonly stream: EventStream;
  readonly background: readonly Background[];
  /** What is to be stored still when nothing uses it any more. */
  finish(): Promise<void>;
  /** Puts right what was begun until then (ms since the epoch) and left half done by a crash. */
  recover(begunUntil: number): Promise<void>;
  /** To be run hourly, by name. */
  readonly prune: Readonly<Record<string, () => Promise<void>>>;
}

export interface FeatureParts {
  readonly meter: FlowMeter;
  readonly store: Store;
  readonly align: AlignPort;
  readonly vendors: Vendors;
  readonly encryptionKeys: readonly Uint8Array[];
  readonly publicUrl: string;
  /** Folder of this deployment's data. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly activity?: Activity | undefined;
  readonly partnerTokens: () => PartnerTokens;
}

/** Every feature, wired in the order of the flow: store → events → pairing and vault → merge → intake → requests. */
export function createFeatures(parts: FeatureParts): Features {
  const { store, align, vendors, encryptionKeys, publicUrl, dataDir, clock, random, log } = parts;
  const now = (): number => clock.now();
  const environment = (): string => align.environment().name;

  const audit = createAudit(clock);
  const events = createEventLog({ store, clock });
  const tokens = createSessionTokens({ issuer: publicUrl, encryptionKeys, now });
  const sessions = createSessions({ store, tokens, audit, clock, random, log });
  const stream = createEventStream({ events, sessions, environment, clock, log });

  const seal = createSeal(encryptionKeys, random);
  const { partnerTokens } = parts;
  const keyed = { seal, vendors, publicUrl, partnerTokens };
  const pairing = createPairing({ store, events, audit, align, clock, random, log, ...keyed });
  const { connections, vault } = pairing;

  const pictures = createCasePictures({ store, seal, vault, align, clock, log, dataDir, activity: parts.activity });
  const onGallery: typeof pictures.warm = (scan) => pictures.warm(scan);
  const merge = createMerge({ store, events, connections, align, clock, onGallery, meter: parts.meter });
  const rechecks = createRechecks({ store, events, align });
  const quiet = createQuietAccounts(store);
  const intake = createIntake({
    store,
    events,
    connections,
    quiet,
    vault,
    align,
    merge,
    rechecks,
    clock,
    random,
    log,
    activity: parts.activity,
    meter: parts.meter,
    afterRound: (connection) => connections.repairCallback(connection.id),
  });

  const outcomes = new LateWrites({ clock, log: log.child({ part: 'requests' }) });
  const practices = createPracticeBook({ align, vault, clock, log });
  const links = createAssetLinks(encryptionKeys, now);
  const scans = { store, connections, vault, align, audit, links, clock };
  const assets = createAssets({ ...scans, sessions, events, merge, pictures });
  const files: Background = {
    start: () => undefined,
    async stop() {
      assets.stop();
      await pictures.stop();
    },
  };

  return {
    endpoints: [
      ...createSessionEndpoints({ sessions, vendors, environment: () => align.environment() }),
      ...createServerScanEndpoints(scans),
      createLedgerEndpoint({ store, align, audit, sumUp: createLedgerSummary({ store, align, clock }) }),
      createAuditEndpoint({ store, audit, environment }),
      ...pairing.endpoints,
      ...createRequestEndpoints({
        store,
        events,
        audit,
        connections,
        vault,
        align,
        practices,
        clock,
        random,
        outcomes,
      }),
      ...createScanEndpoints(scans),
      createWhereEndpoint({ ...scans, merge, practices, quiet, log }),
      ...assets.endpoints,
      ...stream.endpoints,
      ...intake.endpoints,
    ],
    ready: assets.ready,
    callbacks: intake.callbacks,
    intakeFailures: () => intake.failures(),
    figures: [...createLedgerFigures({ store, align, clock }), ...breakerFigures(intake)],
    sessions,
    stream,
    background: [sessions.watch, stream, intake, files],
    async finish() {
      await Promise.all([vault.stop(), outcomes.stop()]);
    },
    recover: (begunUntil) =>
      recoverCutOffRequests({ store, events, now, log, isOnItsWay: (id) => outcomes.has(id) }, begunUntil),
    prune: {
      sessions: () => sessions.prune(),
      events: () => pruneEvents({ store, clock }),
      hints: () => intake.prune(),
      pictures: () => pictures.prune(),
    },
  };
}

/** Of this instance alone: each finds out for itself whether upstream is there. */
function breakerFigures(intake: Pick<Intake, 'upstream'>): Figure[] {
  const read = (of: 'down' | 'held') => () => Promise.resolve(intake.upstream()[of]);
  return [
    { name: 'itero_upstream_down', help: '1 while upstream is taken to be down for all clinics', read: read('down') },
    { name: 'itero_accounts_held', help: 'Clinics whose background calls are held back', read: read('held') },
  ];
}
