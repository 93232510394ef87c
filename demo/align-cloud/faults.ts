import { createRandom } from './random.ts';
import type { Random } from './random.ts';
import type { Operation } from './regions.ts';
import type { AssetType } from './model.ts';

/** Where a fault strikes: any operation by name, the doors around them, or what happens by itself. */
export type FaultPoint =
  | Operation
  | 'authorize'
  | 'token'
  | 'revoke'
  | 'discovery'
  | 'asset'
  | 'cdn'
  | 'scanningTool'
  | 'notification'
  | 'scan';

export const HTTP_KINDS = ['status', 'slow', 'reset', 'half-body', 'wrong-shape'] as const;
export const ASSET_KINDS = ['truncated', 'token-expires'] as const;
export const NOTIFICATION_KINDS = ['drop', 'double', 'late', 'out-of-order', 'early'] as const;
export const SCAN_KINDS = ['ide-absent', 'thumbnails-late', 'mistyped', 'unrequested'] as const;

export type FaultKind =
  | (typeof HTTP_KINDS)[number]
  | (typeof ASSET_KINDS)[number]
  | (typeof NOTIFICATION_KINDS)[number]
  | (typeof SCAN_KINDS)[number];

export interface FaultSpec {
  on: FaultPoint;
  kind: FaultKind;
  /** How often it strikes; once unless told. */
  times?: number | 'always';
  /** How many chances it lets pass first. */
  after?: number;
  /** How likely it strikes at each chance, from 0 to 1, by the seed. */
  probability?: number;
  /** Only for this clinic. */
  companyId?: number;
  /** `status`: what is answered. */
  status?: number;
  error?: string;
  message?: string;
  retryAfter?: number;
  fields?: Record<string, string>;
  /** `status` and `reset`: the request is carried out all the same, only its answer is lost. */
  processed?: boolean;
  /** `slow`, and the gap of `double`: milliseconds by the clock. */
  ms?: number;
  /** `late`, `ide-absent`, `thumbnails-late`: seconds by the clock. Without it an absent iDE never returns. */
  seconds?: number;
  /** `wrong-shape`: what is answered instead, or which properties are left out at any depth. */
  body?: unknown;
  without?: readonly string[];
  /** Assets: only this one. */
  asset?: AssetType;
  /** `mistyped`: what was typed at the scanner. */
  firstName?: string;
  lastName?: string;
  chartNumber?: string;
}

export interface Fault extends FaultSpec {
  id: string;
  /** Times it struck so far. */
  struck: number;
}

interface Entry {
  fault: Fault;
  skip: number;
  left: number;
  random: Random;
}

export interface FaultBook {
  add(spec: FaultSpec): Fault;
  remove(id: string): boolean;
  clear(): void;
  list(): (Fault & { left: number | 'always' })[];
  /** The first fault that strikes here now, one of these kinds; counts it. */
  take(
    point: FaultPoint,
    kinds: readonly FaultKind[],
    where?: { companyId?: number | undefined; asset?: AssetType },
  ): Fault | undefined;
}

const strikes = ({ fault, random }: Entry): boolean =>
  fault.probability === undefined || random.next() < fault.probability;

export function createFaultBook(seed: string): FaultBook {
  let entries: Entry[] = [];
  let made = 0;

  function add(spec: FaultSpec): Fault {
    made += 1;
    const fault: Fault = { ...spec, id: `f${made}`, struck: 0 };
    entries.push({
      fault,
      skip: spec.after ?? 0,
      left: spec.times === 'always' ? Infinity : (spec.times ?? 1),
      random: createRandom(`${seed}/fault/${made}`),
    });
    return fault;
  }

  function take(
    point: FaultPoint,
    kinds: readonly FaultKind[],
    where: { companyId?: number | undefined; asset?: AssetType } = {},
  ): Fault | undefined {
    let chosen: Entry | undefined;
    for (const entry of entries) {
      const { fault } = entry;
      if (fault.on !== point || !kinds.includes(fault.kind) || entry.left <= 0) continue;
      if (fault.companyId !== undefined && fault.companyId !== where.companyId) continue;
      if (fault.asset !== undefined && fault.asset !== where.asset) continue;
      // Every chance counts for `after`, also one that an earlier fault took.
      if (entry.skip > 0) entry.skip -= 1;
      else if (chosen === undefined && strikes(entry)) chosen = entry;
    }
    if (chosen === undefined) return undefined;
    chosen.left -= 1;
    chosen.fault.struck += 1;
    return chosen.fault;
  }

  return {
    add,
    take,
    remove(id) {
      const before = entries.length;
      entries = entries.filter((entry) => entry.fault.id !== id);
      return entries.length < before;
    },
    clear() {
      entries = [];
    },
    list: () => entries.map(({ fault, left }) => ({ ...fault, left: left === Infinity ? 'always' : left })),
  };
}
