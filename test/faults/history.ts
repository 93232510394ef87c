/**
 * What a run leaves behind, and the judgement over it. Pure: the same history gives the same verdict, and each rule is
 * shown to catch its breach in history.unit.test.ts.
 */

/** One notification as its sender remembers it. */
export interface SentNotification {
  readonly clinic: string;
  readonly rxId: string;
  /** When it was sent (ms). */
  readonly at: number;
  /** 2xx; another answer; or none at all, so that nobody knows. */
  readonly answer: 'acknowledged' | 'refused' | 'unknown';
}

/** An order as upstream has it when everything is over. */
export interface UpstreamCase {
  readonly accountId: string;
  readonly orderId: string;
  readonly rxId: string;
  readonly modifiedAt: number;
  readonly status: string;
}

export interface ShownCase {
  readonly orderId: string;
  readonly rxId: string | null;
  readonly modifiedAt: number;
  readonly status: string;
  readonly version: string;
}

export interface LoggedEvent {
  readonly id: number;
  readonly type: string;
  readonly orderId: string | null;
  readonly version: string | null;
}

/** A reader was told that events were lost. */
export interface Reset {
  /** The newest id that it had heard of. */
  readonly after: number;
  /** Where the server told it to go on. */
  readonly upTo: number;
}

export interface FollowedStream {
  readonly name: string;
  readonly clinic: string;
  readonly from: number;
  readonly resets: readonly Reset[];
  readonly events: readonly LoggedEvent[];
}

export interface ClinicHistory {
  readonly clinic: string;
  readonly accountId: string;
  /** What its inbox shows in the end. */
  readonly shown: readonly ShownCase[];
  /** Its whole event log, as a reader from the beginning gets it. */
  readonly log: readonly LoggedEvent[];
  /** Retention removed the events up to this id; 0: none. */
  readonly prunedTo: number;
}

/** One call of Get Orders as the simulator saw it come in. */
export interface Listing {
  readonly accountId: string;
  readonly at: number;
  /** The bounds it asked for (ms); null: none. The calls of one round share their upper bound, those of the sweep at its end have none. */
  readonly from: number | null;
  readonly upTo: number | null;
  readonly page: number;
  /** Of the answer; null: there was none. */
  readonly status: number | null;
}

/** Figures that must never go back, by name, looked at again and again. */
export type Sample = Readonly<Record<string, number>>;

export interface History {
  readonly notifications: readonly SentNotification[];
  readonly upstream: readonly UpstreamCase[];
  readonly clinics: readonly ClinicHistory[];
  readonly followers: readonly FollowedStream[];
  readonly listings: readonly Listing[];
  /** Least time from a call of one round to the first call of the next (ms). */
  readonly pollFloor: number;
  readonly samples: readonly Sample[];
  /** Kinds of figures in the samples (`KIND of …`). What stands still cannot go back: of each kind one must have moved. */
  readonly watched: readonly string[];
  /** A whole poll round ended after the last change: then every case must be shown, told or not. */
  readonly everythingDue: boolean;
}

export interface Violation {
  readonly rule:
    | 'acknowledged and not visible'
    | 'not visible after a whole round'
    | 'an older version is shown'
    | 'a version told twice'
    | 'shown and never told'
    | 'ids do not grow'
    | 'a reader missed an event'
    | 'a reader saw an event twice'
    | 'a reader saw what is not in the log'
    | 'a reader was told of loss and nothing was lost'
    | 'polled too soon'
    | 'went back'
    | 'never moved'
    | 'of another clinic';
  readonly detail: string;
}

const TELLS_VERSION = new Set(['scan.received', 'scan.updated']);

export function checkHistory(history: History): Violation[] {
  return [
    ...acknowledgedAreVisible(history),
    ...history.clinics.flatMap((clinic) => [...eachVersionOnce(clinic), ...idsGrow(clinic.clinic, clinic.log)]),
    ...history.clinics.flatMap((clinic) => staysInItsClinic(history, clinic)),
    ...history.followers.flatMap((follower) => sawEachOnce(history, follower)),
    ...floorHolds(history),
    ...neverBack(history.samples),
    ...neverMoved(history),
  ];
}

function acknowledgedAreVisible({ notifications, upstream, clinics, everythingDue }: History): Violation[] {
  const violations: Violation[] = [];
  for (const { clinic, accountId, shown } of clinics) {
    const byOrder = new Map(shown.map((scan) => [scan.orderId, scan]));
    const told = new Map<string, number>();
    for (const sent of notifications) {
      if (sent.clinic !== clinic || sent.answer !== 'acknowledged') continue;
      told.set(sent.rxId, Math.max(sent.at, told.get(sent.rxId) ?? 0));
    }
    for (const order of upstream) {
      if (order.accountId !== accountId) continue;
      const toldAt = told.get(order.rxId);
      if (toldAt === undefined && !everythingDue) continue;
      const scan = byOrder.get(order.orderId);
      const what = `order ${order.orderId} of ${clinic}`;
      if (scan === undefined) {
        const rule = toldAt === undefined ? 'not visible after a whole round' : 'acknowledged and not visible';
        violations.push({ rule, detail: what });
        continue;
      }
      // What was told before the last change says nothing about that change.
      const due = everythingDue || (toldAt ?? 0) >= order.modifiedAt;
      if (due && (scan.modifiedAt !== order.modifiedAt || scan.status !== order.status)) {
        const detail = `${what}: ${scan.status} of ${iso(scan.modifiedAt)}, upstream has ${order.status} of ${iso(order.modifiedAt)}`;
        violations.push({ rule: 'an older version is shown', detail });
      }
    }
  }
  return violations;
}

function eachVersionOnce({ clinic, shown, log }: ClinicHistory): Violation[] {
  const violations: Violation[] = [];
  const told = new Set<string>();
  for (const event of log) {
    if (!TELLS_VERSION.has(event.type)) continue;
    const key = `${event.orderId} ${event.version}`;
    if (told.has(key)) violations.push({ rule: 'a version told twice', detail: `${clinic}: ${key}` });
    told.add(key);
  }
  for (const { orderId, version } of shown) {
    const key = `${orderId} ${version}`;
    if (!told.has(key)) violations.push({ rule: 'shown and never told', detail: `${clinic}: ${key}` });
  }
  return violations;
}

function idsGrow(reader: string, events: readonly LoggedEvent[]): Violation[] {
  return events.flatMap((event, index) => {
    const before = events[index - 1];
    if (before === undefined || event.id > before.id) return [];
    return [{ rule: 'ids do not grow' as const, detail: `${reader}: ${event.id} after ${before.id}` }];
  });
}

function staysInItsClinic({ upstream }: History, { clinic, accountId, shown, log }: ClinicHistory): Violation[] {
  const own = new Set(upstream.filter((order) => order.accountId === accountId).map(({ orderId }) => orderId));
  const seen = [...shown, ...log].flatMap(({ orderId }) => orderId ?? []);
  const strange = [...new Set(seen)].filter((orderId) => !own.has(orderId));
  return strange.map((orderId) => ({ rule: 'of another clinic', detail: `${clinic} sees order ${orderId}` }));
}

function sawEachOnce({ clinics }: History, { name, clinic, from, resets, events }: FollowedStream): Violation[] {
  const { log, prunedTo } = clinics.find((one) => one.clinic === clinic) ?? { log: [], prunedTo: 0 };
  const violations: Violation[] = idsGrow(name, events);
  const seen = new Set<number>();
  const logged = new Map(log.map((event) => [event.id, event]));
  for (const event of events) {
    const at = `${name}: event ${event.id}`;
    if (seen.has(event.id)) violations.push({ rule: 'a reader saw an event twice', detail: at });
    seen.add(event.id);
    const kept = logged.get(event.id);
    const same = kept?.type === event.type && kept.orderId === event.orderId && kept.version === event.version;
    if (!same) violations.push({ rule: 'a reader saw what is not in the log', detail: at });
  }
  for (const { after, upTo } of resets) {
    if (after < prunedTo) continue;
    const detail = `${name}: had ${after}, was sent on to ${upTo}`;
    violations.push({ rule: 'a reader was told of loss and nothing was lost', detail });
  }
  // A reset says that what lies in between was lost and that the reader must load anew; it says nothing about the rest.
  const isTold = (id: number): boolean => resets.some(({ after, upTo }) => id > after && id <= upTo);
  for (const { id } of log) {
    if (id <= from || seen.has(id) || isTold(id)) continue;
    violations.push({ rule: 'a reader missed an event', detail: `${name}: event ${id}` });
  }
  return violations;
}

function floorHolds({ listings, pollFloor }: History): Violation[] {
  return [...Map.groupBy(listings, ({ accountId }) => accountId)].flatMap(([accountId, calls]) => {
    const violations: Violation[] = [];
    let round: Listing[] = [];
    for (const call of calls.toSorted((a, b) => a.at - b.at)) {
      const since = call.at - (round.at(-1)?.at ?? -Infinity);
      if (since < pollFloor && isOfRound(round, call)) {
        round.push(call);
        continue;
      }
      if (since < pollFloor) {
        const detail = `account ${accountId} at ${iso(call.at)}: ${since} ms after the call before`;
        violations.push({ rule: 'polled too soon', detail });
      }
      round = [call];
    }
    return violations;
  });
}

/**
 * Whether a call that comes closely belongs to the round before it, and is no round of its own. Seen from outside the next
 * page of a listing without an upper bound is one that begins further on.
 */
function isOfRound(round: readonly Listing[], call: Listing): boolean {
  const before = round.at(-1);
  if (before === undefined) return false;
  // The sweep at the end of a round, once: what follows it must go on from there.
  if (call.upTo === null && before.upTo !== null) return true;
  if (call.upTo !== before.upTo) return false;
  if (isFurther(before, call) || isAskedAgain(before, call)) return true;
  // Where upstream takes no upper bound the window has none either; its sweep reaches further back than all of it.
  return call.upTo === null && round.every((one) => one.upTo === null && isFurther(call, one));
}

function isFurther(before: Listing, call: Listing): boolean {
  const [one, other] = [before.from ?? -Infinity, call.from ?? -Infinity];
  return other > one || (other === one && call.page > before.page);
}

/** Upstream refused the token: the same page again, with a fresh one or another user's. */
function isAskedAgain(before: Listing, call: Listing): boolean {
  return (before.status === 401 || before.status === 403) && call.from === before.from && call.page === before.page;
}

function neverBack(samples: readonly Sample[]): Violation[] {
  const highest = new Map<string, number>();
  const violations: Violation[] = [];
  for (const sample of samples) {
    for (const [name, value] of Object.entries(sample)) {
      const before = highest.get(name);
      if (before !== undefined && value < before) {
        violations.push({ rule: 'went back', detail: `${name}: ${value} after ${before}` });
      }
      highest.set(name, Math.max(value, before ?? -Infinity));
    }
  }
  return violations;
}

function neverMoved({ watched, samples }: History): Violation[] {
  const first: Sample = Object.assign({}, ...samples.toReversed());
  const last: Sample = Object.assign({}, ...samples);
  const moved = Object.keys(last).filter((name) => (last[name] ?? 0) > (first[name] ?? 0));
  const still = watched.filter((kind) => !moved.some((name) => name.startsWith(`${kind} of `)));
  return still.map((kind) => ({ rule: 'never moved', detail: `no ${kind} in ${samples.length} samples` }));
}

const iso = (ms: number): string => new Date(ms).toISOString();
