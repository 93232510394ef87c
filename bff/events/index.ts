export { createEventLog } from './event-log.ts';
export type { CommittedEvent, EventEntry, EventLog } from './event-log.ts';
export { pruneEvents } from './retention.ts';
export { createEventStream } from './stream-endpoint.ts';
export type { EventStream } from './stream-endpoint.ts';
