/** The public face of the upstream adapter: nothing else of this folder is imported from outside. */
export { createAlign } from './create-align.ts';
export { LONGEST_WAIT_MS } from './errors.ts';
export { AlignFault } from './port.ts';
export { alignSettingsSchema, isSimulated } from './settings.ts';
export type { AlignSettings, EnvironmentSettings } from './settings.ts';
export type {
  AlignEnvironment,
  AlignFaultKind,
  AlignPort,
  AlignTimings,
  AlignTokens,
  OpenAsset,
  OrderPage,
  OrderQuery,
  UnreadableOrder,
  UpstreamAsset,
  UpstreamOrder,
} from './port.ts';
