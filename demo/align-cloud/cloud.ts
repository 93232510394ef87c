import type { Context } from 'hono';
import type { HttpBindings } from '@hono/node-server';
import type { CaseFactory } from './cases/index.ts';
import type { Clock } from './clock.ts';
import type { FaultBook } from './faults.ts';
import type { Flags } from './options.ts';
import type { Random } from './random.ts';
import type { Region } from './regions.ts';
import type { State } from './state.ts';

export interface Env {
  Bindings: HttpBindings;
}
export type Ctx = Context<Env>;

/** The parts every concern works with; `index.ts` is the one place that builds them. */
export interface Cloud {
  clock: Clock;
  random: Random;
  state: State;
  flags: Flags;
  faults: FaultBook;
  cases: CaseFactory;
  regions: Map<string, Region>;
  client: { clientId: string; clientSecret: string };
  seed: string;
  /** Known once the two servers listen. */
  urls: { main: string; cdn: string };
  oauthPath: string;
  basePath: string;
  /** Signs links to files. */
  linkKey: Buffer;
  /** Messages that wait for another to overtake them. */
  held: (() => void)[];
  log: (line: string) => void;
  /** Remembers work that goes on after an answer, so that `settled` can wait for it and its errors are seen. */
  track: (work: Promise<unknown>) => void;
}

export function currentRegion(cloud: Cloud): Region {
  const region = cloud.regions.get(cloud.state.region);
  if (region === undefined) throw new Error(`Unknown region ${cloud.state.region}.`);
  return region;
}
