/** The elements without side effects: register them yourself, or import `itero-embed/define`. */
export { IteroPair } from './itero-pair/itero-pair.ts';
export { IteroProvider } from './itero-provider/itero-provider.ts';
export { IteroScanInbox } from './itero-scan-inbox/itero-scan-inbox.ts';
export { IteroScanRequest } from './itero-scan-request/itero-scan-request.ts';
export * from './core/events.ts';
export type { FetchSession } from './core/session-source.ts';
export type { SessionRequest } from '../shared/session.ts';
