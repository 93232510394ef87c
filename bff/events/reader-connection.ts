import type { Writable } from 'node:stream';
import type { StreamHub } from './stream-hub.ts';
import type { StreamReader } from './stream-reader.ts';

const OWNER = Symbol('who reads here');

interface Owned extends Writable {
  [OWNER]?: { readonly reader: StreamReader; readonly hub: StreamHub };
}

/** Ties a connection to its reader. The listeners are the same for all: thousands of closures would cost more than the readers. */
export function attach(connection: Writable, reader: StreamReader, hub: StreamHub): void {
  (connection as Owned)[OWNER] = { reader, hub };
  connection.on('drain', drained);
  connection.on('close', closed);
}

function drained(this: Owned): void {
  this[OWNER]?.reader.drained();
}

function closed(this: Owned): void {
  const owner = this[OWNER];
  owner?.hub.leave(owner.reader);
}
