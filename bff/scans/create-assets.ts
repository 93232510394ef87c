import { join } from 'node:path';
import type { AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Activity, Clock, Log } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { ReadyRoute } from '../http/at-once.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Connections } from '../pairing/connections.ts';
import type { SessionLookup } from '../session/session.ts';
import type { Store } from '../store/index.ts';
import type { Seal } from '../vault/seal.ts';
import type { Vault } from '../vault/vault.ts';
import type { AssetLinks } from './asset-link.ts';
import { createAssetEndpoint, createReadyPictures } from './assets/asset-endpoint.ts';
import { createCurrentFiles } from './assets/current-file.ts';
import { createLinkAccess } from './assets/link-access.ts';
import type { Merge } from './merge.ts';
import { createPictureFiles } from './pictures/picture-files.ts';
import { createPictures, type Pictures } from './pictures/pictures.ts';

/** The pictures of the cases, built before the merge, which tells them what to unpack (`onGallery: pictures.warm`). */
export function createCasePictures(parts: {
  store: Store;
  seal: Seal;
  vault: Vault;
  align: Pick<AlignPort, 'openAsset' | 'orderByRxId'>;
  clock: Clock;
  log: Log;
  /** Folder of this deployment's data; pictures lie encrypted under it. */
  dataDir: string;
  activity?: Activity | undefined;
}): Pictures {
  const { store, seal, vault, align, clock, log, activity } = parts;
  const now = (): number => clock.now();
  const files = createPictureFiles({ store, seal, directory: join(parts.dataDir, 'pictures'), now, log });
  return createPictures({ store, files, vault, align, log, now, activity });
}

/** `GET /v1/assets/{link}`. */
export function createAssets(parts: {
  store: Store;
  links: AssetLinks;
  sessions: Pick<SessionLookup, 'find' | 'held'>;
  connections: Pick<Connections, 'current'>;
  events: Pick<EventLog, 'onCommitted'>;
  vault: Vault;
  align: Pick<AlignPort, 'environment' | 'openAsset' | 'orderByRxId'>;
  merge: Merge;
  pictures: Pictures;
  audit: Audit;
  clock: Clock;
}): { endpoints: Endpoint[]; ready: ReadyRoute; stop(): void } {
  const access = createLinkAccess({ ...parts, environment: () => parts.align.environment().name });
  const files = createCurrentFiles(parts);
  return {
    endpoints: [createAssetEndpoint({ ...parts, access, files })],
    ready: createReadyPictures({ ...parts, access }),
    stop: () => access.stop(),
  };
}
