export { createAssetLinks } from './asset-link.ts';
export type { AssetLinks } from './asset-link.ts';
export { createScanEndpoints } from './endpoints.ts';
export { createMerge } from './merge.ts';
export type { Merge, MergeInput, MergeOutcome } from './merge.ts';
export { createRechecks } from './rechecks.ts';
export type { Rechecks } from './rechecks.ts';
export { createServerScanEndpoints } from './server-endpoints.ts';
export { createAssets, createCasePictures } from './create-assets.ts';
