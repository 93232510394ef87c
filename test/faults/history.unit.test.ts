import { describe, expect, it } from 'vitest';
import { checkHistory, type ClinicHistory, type History, type LoggedEvent } from './history.ts';

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
};
const SOUTH: ClinicHistory = { clinic: 'south', accountId: '2', shown: [], log: [] };

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
    { name: 'early', clinic: 'north', from: 0, resets: 0, events: LOG },
    { name: 'late', clinic: 'north', from: 2, resets: 0, events: LOG.slice(2) },
  ],
  listings: [
    { accountId: '1', at: 1000, upTo: 'a' },
    { accountId: '1', at: 1010, upTo: 'a' },
    { accountId: '2', at: 1020, upTo: 'b' },
    { accountId: '1', at: 2010, upTo: 'c' },
  ],
  pollFloor: 1000,
  samples: [{ 'cursor 1': 5, 'last id north': 1 }, { 'cursor 1': 5, 'last id north': 3 }, { 'last id north': 3 }],
  everythingDue: false,
};

const rules = (change: Partial<History>): string[] =>
  checkHistory({ ...GOOD, ...change }).map(({ rule, detail }) => `${rule}: ${detail}`);
const north = (change: Partial<ClinicHistory>): Partial<History> => ({
  clinics: [{ ...NORTH, ...change }, SOUTH],
  followers: [],
});
const reader = (events: LoggedEvent[], resets = 0): Partial<History> => ({
  followers: [{ name: 'reader', clinic: 'north', from: 0, resets, events }],
});
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

  it('finds an event that a reader missed, unless it was told that events were lost', () => {
    expect(rules(reader([one, three]))).toEqual(['a reader missed an event: reader: event 2']);
    expect(rules(reader([one, three], 1))).toEqual([]);
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

  it('finds a round that began before its time; further pages and the sweep at its end are none', () => {
    const more = [
      [2500, null],
      [2600, 'c'],
      [3599, 'd'],
      [3600, 'd'],
      [3700, null],
    ] as const;
    const listings = [...GOOD.listings, ...more.map(([at, upTo]) => ({ accountId: '1', at, upTo }))];
    expect(rules({ listings })).toEqual([
      'polled too soon: account 1 at 1970-01-01T00:00:03.599Z: 999 ms after the call before',
    ]);
  });

  it('finds a cursor or counter that went back', () => {
    expect(rules({ samples: [...GOOD.samples, { 'cursor 1': 4 }] })).toEqual(['went back: cursor 1: 4 after 5']);
  });

  it('finds what one clinic sees of another', () => {
    const stranger = { orderId: '21', rxId: 'rx-21', modifiedAt: 330, status: 'Completed', version: 'z' };
    const seen = rules(north({ shown: [...NORTH.shown, stranger], log: [...LOG, received(5, '21', 'z')] }));
    expect(seen).toEqual(['of another clinic: north sees order 21']);
  });
});
