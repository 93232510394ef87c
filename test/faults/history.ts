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

export interface FollowedStream {
  readonly name: string;
  readonly clinic: string;
  readonly from: number;
  readonly resets: number;
  readonly events: readonly LoggedEvent[];
}

export interface ClinicHistory {
  readonly clinic: string;
  readonly accountId: string;
  /** What its inbox shows in the end. */
  readonly shown: readonly ShownCase[];
  /** Its whole event log, as a reader from the beginning gets it. */
  readonly log: readonly LoggedEvent[];
}

/** Figures that must never go back, by name, looked at again and again. */
export type Sample = Readonly<Record<string, number>>;

export interface History {
  readonly notifications: readonly SentNotification[];
  readonly upstream: readonly UpstreamCase[];
  readonly clinics: readonly ClinicHistory[];
  readonly followers: readonly FollowedStream[];
  /**
   * Calls of Get Orders as the simulator saw them. The calls of one round share their upper bound; those without one are the
   * sweep at the end of a round.
   */
  readonly listings: readonly { readonly accountId: string; readonly at: number; readonly upTo: string | null }[];
  /** Least time from a call of one round to the first call of the next (ms). */
  readonly pollFloor: number;
  readonly samples: readonly Sample[];
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
    | 'polled too soon'
    | 'went back'
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
  const log = clinics.find((one) => one.clinic === clinic)?.log ?? [];
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
  // A reset says that events were lost and that the reader must load anew.
  if (resets > 0) return violations;
  for (const { id } of log) {
    if (id > from && !seen.has(id))
      violations.push({ rule: 'a reader missed an event', detail: `${name}: event ${id}` });
  }
  return violations;
}

function floorHolds({ listings, pollFloor }: History): Violation[] {
  return [...Map.groupBy(listings, ({ accountId }) => accountId)].flatMap(([accountId, calls]) => {
    const ordered = calls.toSorted((a, b) => a.at - b.at);
    return ordered.flatMap((call, index): Violation[] => {
      const before = ordered[index - 1];
      if (before === undefined || call.at - before.at >= pollFloor) return [];
      const round = ordered.slice(0, index).findLast(({ upTo }) => upTo !== null)?.upTo;
      if (call.upTo === null || call.upTo === round) return [];
      return [
        {
          rule: 'polled too soon',
          detail: `account ${accountId} at ${iso(call.at)}: ${call.at - before.at} ms after the call before`,
        },
      ];
    });
  });
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

const iso = (ms: number): string => new Date(ms).toISOString();
