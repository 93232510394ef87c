import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  type ClinicHistory,
  type History,
  type Listing,
  type LoggedEvent,
  type Reset,
} from './history.ts';

const received = (id: number, orderId: string, version: string): LoggedEvent => ({
  id,
  type: id % 2 === 1 ? 'scan.received' : 'scan.updated',
  orderId,
  version,
});
const LOG = [received(1, '11', 'a'), received(2, '11', 'b'), received(3, '12', 'c')];
const NORTH: ClinicHistory = {
  clinic: 'north',
  accountId: '1',
  shown: [
    { orderId: '11', rxId: 'rx-11', modifiedAt: 200, status: 'Lab Review', version: 'b' },
    { orderId: '12', rxId: 'rx-12', modifiedAt: 300, status: 'Completed', version: 'c' },
  ],
  log: LOG,
  prunedTo: 0,
};
const SOUTH: ClinicHistory = { clinic: 'south', accountId: '2', shown: [], log: [], prunedTo: 0 };
/** One call; `from` and `page` say where in the listing it stands. */
const call = (at: number, upTo: number | null, change: Partial<Listing> = {}): Listing => ({
  accountId: '1',
  at,
  from: 100,
  upTo,
  page: 1,
  status: 200,
  ...change,
});

/** A run in which all was well: two cases, one of them in two versions, two readers, three polls. */
const GOOD: History = {
  notifications: [
    { clinic: 'north', rxId: 'rx-11', at: 250, answer: 'acknowledged' },
    { clinic: 'north', rxId: 'rx-12', at: 310, answer: 'acknowledged' },
    { clinic: 'north', rxId: 'rx-12', at: 320, answer: 'unknown' },
    { clinic: 'north', rxId: 'rx-that-nobody-knows', at: 330, answer: 'acknowledged' },
    { clinic: 'south', rxId: 'rx-21', at: 340, answer: 'refused' },
  ],
  upstream: [
    { accountId: '1', orderId: '11', rxId: 'rx-11', modifiedAt: 200, status: 'Lab Review' },
    { accountId: '1', orderId: '12', rxId: 'rx-12', modifiedAt: 300, status: 'Completed' },
    { accountId: '2', orderId: '21', rxId: 'rx-21', modifiedAt: 330, status: 'Completed' },
  ],
  clinics: [NORTH, SOUTH],
  followers: [
    { name: 'early', clinic: 'north', from: 0, resets: [], events: LOG },
    { name: 'late', clinic: 'north', from: 2, resets: [], events: LOG.slice(2) },
  ],
  listings: [call(1000, 5000), call(1010, 5000, { from: 150 }), call(1020, 5020, { accountId: '2' }), call(2010, 6010)],
  pollFloor: 1000,
  samples: [
    { 'cursor of con_1': 5, 'last id of north': 1 },
    { 'cursor of con_1': 5, 'last id of north': 3 },
    { 'cursor of con_1': 6, 'last id of north': 3 },
  ],
  watched: ['cursor', 'last id'],
  everythingDue: false,
};

const rules = (change: Partial<History>): string[] =>
  checkHistory({ ...GOOD, ...change }).map(({ rule, detail }) => `${rule}: ${detail}`);
const north = (change: Partial<ClinicHistory>): Partial<History> => ({
  clinics: [{ ...NORTH, ...change }, SOUTH],
  followers: [],
});
const reader = (events: LoggedEvent[], resets: Reset[] = []): Partial<History> => ({
  followers: [{ name: 'reader', clinic: 'north', from: 0, resets, events }],
});
/** What is said of calls by a floor of 1000 ms. */
const tooSoon = (...listings: Listing[]): string[] => rules({ listings });
const soon = (ms: number, since: number): string =>
  `polled too soon: account 1 at ${new Date(ms).toISOString()}: ${since} ms after the call before`;
const [one, two, three] = LOG as [LoggedEvent, LoggedEvent, LoggedEvent];

describe('the judgement over a run', () => {
  it('finds nothing where all was well', () => {
    expect(rules({})).toEqual([]);
  });

  it('finds an acknowledged notification whose case is not visible', () => {
    expect(rules(north({ shown: NORTH.shown.slice(0, 1) }))).toEqual([
      'acknowledged and not visible: order 12 of north',
    ]);
  });

  it('does not ask for what was refused, or is unknown upstream, or was told before the last change', () => {
    const earlier = GOOD.notifications.map((sent) => (sent.rxId === 'rx-11' ? { ...sent, at: 150 } : sent));
    const older = NORTH.shown.map((scan) =>
      scan.orderId === '11' ? { ...scan, modifiedAt: 100, version: 'a' } : scan,
    );
    expect(rules({ ...north({ shown: older }), notifications: earlier })).toEqual([]);
  });

  it('finds a case that no notification told and no poll found', () => {
    expect(rules({ everythingDue: true })).toEqual(['not visible after a whole round: order 21 of south']);
  });

  it('finds an older version that is still shown', () => {
    const older = NORTH.shown.map((scan) =>
      scan.orderId === '11' ? { ...scan, modifiedAt: 100, version: 'a' } : scan,
    );
    expect(rules(north({ shown: older }))).toEqual([
      'an older version is shown: order 11 of north: Lab Review of 1970-01-01T00:00:00.100Z, upstream has Lab Review of 1970-01-01T00:00:00.200Z',
    ]);
  });

  it('finds a version that was told twice', () => {
    expect(rules(north({ log: [...LOG, received(4, '12', 'c')] }))).toEqual(['a version told twice: north: 12 c']);
  });

  it('finds a version that is shown and was never told', () => {
    expect(rules(north({ log: LOG.slice(0, 2) }))).toEqual(['shown and never told: north: 12 c']);
  });

  it('finds ids that do not grow, in the log and at a reader', () => {
    expect(rules(north({ log: [one, three, two] }))).toEqual(['ids do not grow: north: 2 after 3']);
    expect(rules(reader([two, one, three]))).toEqual(['ids do not grow: reader: 1 after 2']);
  });

  it('finds an event that a reader missed, unless it was told that this one was lost', () => {
    const missed = 'a reader missed an event: reader: event';
    const pruned = north({ prunedTo: 2 });
    expect(rules(reader([one, three]))).toEqual([`${missed} 2`]);
    expect(rules({ ...pruned, ...reader([three], [{ after: 0, upTo: 2 }]) })).toEqual([]);
    expect(rules({ ...pruned, ...reader([], [{ after: 0, upTo: 2 }]) })).toEqual([`${missed} 3`]);
    expect(rules({ ...pruned, ...reader([three], [{ after: 1, upTo: 2 }]) })).toEqual([`${missed} 1`]);
  });

  it('finds that a reader was told of loss where nothing it did not have had been removed', () => {
    const rule = 'a reader was told of loss and nothing was lost: reader:';
    expect(rules(reader([one, three], [{ after: 1, upTo: 2 }]))).toEqual([`${rule} had 1, was sent on to 2`]);
    expect(rules({ ...north({ prunedTo: 1 }), ...reader(LOG, [{ after: 1, upTo: 1 }]) })).toEqual([
      `${rule} had 1, was sent on to 1`,
    ]);
  });

  it('finds a reader that saw nothing of a long log, however often it was told of loss', () => {
    const log = Array.from({ length: 1000 }, (_, index) => received(index + 1, '11', `v${index}`));
    const resets = Array.from({ length: 300 }, () => ({ after: 0, upTo: 0 }));
    const found = rules({ ...north({ log, shown: [] }), notifications: [], ...reader([], resets) });
    expect(found.filter((rule) => rule.startsWith('a reader missed an event'))).toHaveLength(1000);
    expect(found.filter((rule) => rule.startsWith('a reader was told of loss'))).toHaveLength(300);
  });

  it('finds an event that a reader saw twice', () => {
    expect(rules(reader([one, two, two, three]))).toContain('a reader saw an event twice: reader: event 2');
  });

  it('finds an event that the log does not have, or has otherwise', () => {
    expect(rules(reader([...LOG, received(9, '11', 'x')]))).toEqual([
      'a reader saw what is not in the log: reader: event 9',
    ]);
    expect(rules(reader([one, { ...two, version: 'x' }, three]))).toEqual([
      'a reader saw what is not in the log: reader: event 2',
    ]);
  });

  it('finds a round that began before its time; its further pages and the sweep at its end are none', () => {
    const rounds = [
      call(1000, 5000),
      call(1100, 5000, { from: 150 }),
      call(1200, 5000, { from: 150, page: 2 }),
      call(1300, null, { from: 3 }),
      call(1400, null, { from: 60 }),
    ];
    expect(tooSoon(...rounds, call(2399, 6399), call(3399, 7399))).toEqual([soon(2399, 999)]);
    expect(tooSoon(...rounds, call(2400, 6400), call(3400, 7400))).toEqual([]);
  });

  it('finds a round that lists the same page again and again, unless the token was refused', () => {
    expect(tooSoon(call(1000, 5000), call(1001, 5000))).toEqual([soon(1001, 1)]);
    expect(tooSoon(call(1000, null), call(1001, null))).toEqual([soon(1001, 1)]);
    expect(tooSoon(call(1000, null, { status: 401 }), call(1001, null))).toEqual([]);
  });

  it('finds rounds without an upper bound that begin before their time', () => {
    // Pages of one round, and a sweep that reaches further back than they do.
    const round = [call(1000, null), call(1001, null, { from: 150 }), call(1002, null, { from: 3 })];
    expect(tooSoon(...round)).toEqual([]);
    expect(tooSoon(...round, call(2002, null))).toEqual([]);
    expect(tooSoon(...round, call(1003, null, { from: 3 }))).toEqual([soon(1003, 1)]);
    expect(tooSoon(call(1000, null), call(1999, 6000))).toEqual([soon(1999, 999)]);
    // Behind a bounded round one passes for its sweep; the next one does not.
    expect(tooSoon(call(1000, 5000), call(1001, null), call(1002, null))).toEqual([soon(1002, 1)]);
    expect(tooSoon(...Array.from({ length: 4 }, (_, ms) => call(1000 + ms, null)))).toHaveLength(3);
  });

  it('finds a cursor or counter that went back', () => {
    const back = [...GOOD.samples, { 'cursor of con_1': 4 }, { 'cursor of con_1': 7, 'last id of north': 3 }];
    expect(rules({ samples: back })).toEqual(['went back: cursor of con_1: 4 after 6']);
  });

  it('finds that a figure which is watched stood still all the time: nobody knows whether it goes back', () => {
    const still = GOOD.samples.map((sample) => ({ ...sample, 'cursor of con_1': 5 }));
    expect(rules({ samples: still })).toEqual(['never moved: no cursor in 3 samples']);
    expect(rules({ samples: [...still, { 'cursor of con_2': 1 }] })).toHaveLength(1);
    expect(rules({ samples: [...still, { 'cursor of con_2': 1 }, { 'cursor of con_2': 2 }] })).toEqual([]);
    expect(rules({ samples: [] })).toHaveLength(2);
  });

  it('finds what one clinic sees of another', () => {
    const stranger = { orderId: '21', rxId: 'rx-21', modifiedAt: 330, status: 'Completed', version: 'z' };
    const seen = rules(north({ shown: [...NORTH.shown, stranger], log: [...LOG, received(5, '21', 'z')] }));
    expect(seen).toEqual(['of another clinic: north sees order 21']);
  });
});
