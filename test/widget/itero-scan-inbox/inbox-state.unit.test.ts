import { describe, expect, it } from 'vitest';
import {
  EMPTY_INBOX,
  reduceInbox,
  type InboxAction,
  type InboxState,
} from '../../../widget/itero-scan-inbox/inbox-state.ts';
import { NO_FILTER } from '../../../widget/itero-scan-inbox/scan-filter.ts';
import { byNewest, countUpTo } from '../../../widget/itero-scan-inbox/scan-rows.ts';
import type { Scan } from '../../../shared/scan.ts';
import fc from '../../support/fast-check.ts';
import { sampleDetail, sampleList, sampleScan } from '../fixtures/scans.fixture.ts';

const at = 0;
const run = (...actions: InboxAction[]): InboxState => actions.reduce(reduceInbox, EMPTY_INBOX);
const asked = (number: number, filter = NO_FILTER): InboxAction => ({ type: 'list.asked', asked: number, filter });
const page = (number: number, items: Scan[], cursor: string | null = null, listing = number): InboxAction => ({
  type: 'page.answered',
  listing,
  asked: number,
  list: sampleList(items, cursor),
  at,
});
const answer = (number: number, scan: Scan, highlight = false): InboxAction => ({
  type: 'scan.answered',
  asked: number,
  scan: sampleDetail(scan),
  at,
  highlight,
});
const ids = (state: InboxState): string[] => state.rows.map(({ scan }) => scan.orderId);

describe('the list of the inbox', () => {
  it('is newest first, whatever the order of the answer', () => {
    const state = run(asked(1), page(1, [sampleScan('1', { minute: 1 }), sampleScan('2', { minute: 5 })]));
    expect(ids(state)).toEqual(['2', '1']);
    expect(state.load.kind).toBe('ready');
  });

  it('puts an arrived scan where its time wants it, and highlights it', () => {
    const listed = [sampleScan('1', { minute: 1 }), sampleScan('3', { minute: 9 })];
    const state = run(asked(1), page(1, listed), answer(2, sampleScan('2', { minute: 5 }), true));
    expect(ids(state)).toEqual(['3', '2', '1']);
    expect([...state.fresh]).toEqual(['2']);
    expect(reduceInbox(state, { type: 'fresh.faded' }).fresh.size).toBe(0);
  });

  it('shows the newer version when an older answer comes late', () => {
    const newer = sampleScan('1', { minute: 9, versionNumber: 3 });
    const older = sampleScan('1', { minute: 2, versionNumber: 2 });
    const state = run(asked(1), page(1, []), answer(2, newer), answer(3, older));
    expect(state.rows.map(({ scan }) => scan.versionNumber)).toEqual([3]);
  });

  it('takes the history and the large pictures from a look at the case that a later one of its list overtook', () => {
    const listed = sampleScan('1', { unread: false });
    const late = sampleDetail(sampleScan('1', { unread: true }));
    const state = run(asked(3), page(3, [listed]), answer(2, sampleScan('1', { unread: true })));
    expect(state.rows[0]?.history).toEqual(late.history);
    expect(state.rows[0]?.scan).toEqual({ ...listed, thumbnails: late.thumbnails });
    const older = run(asked(3), page(3, [sampleScan('1', { versionNumber: 2 })]), answer(2, listed));
    expect(older.rows[0]?.history).toBeNull();
  });

  it('takes the later look at one version: files may have become ready', () => {
    const waiting = sampleScan('1', { unread: true });
    const read = sampleScan('1', { unread: false });
    expect(run(asked(1), page(1, []), answer(3, read), answer(2, waiting)).rows[0]?.scan.unread).toBe(false);
  });

  it('keeps history and large pictures when a list answer shows the same version again', () => {
    const scan = sampleScan('1');
    const state = run(asked(1), page(1, [scan]), answer(2, scan), asked(3), page(3, [scan]));
    expect(state.rows[0]?.history).toHaveLength(1);
    expect(state.rows[0]?.scan.thumbnails[0]?.full).toMatch(/#full-/);
  });

  it('does not bring back a scan that left while its answer was under way', () => {
    const scan = sampleScan('1');
    const state = run(asked(1), page(1, [scan]), { type: 'scan.gone', asked: 3, orderId: '1' }, answer(2, scan));
    expect(ids(state)).toEqual([]);
    expect(ids(reduceInbox(state, answer(4, scan)))).toEqual(['1']);
  });

  it('ignores a late 404 once the scan was seen again', () => {
    const state = run(asked(1), page(1, []), answer(5, sampleScan('1')), { type: 'scan.gone', asked: 4, orderId: '1' });
    expect(ids(state)).toEqual(['1']);
  });

  it('closes the case that leaves', () => {
    const state = run(asked(1), page(1, [sampleScan('1')]), { type: 'opened', orderId: '1' });
    expect(reduceInbox(state, { type: 'scan.gone', asked: 2, orderId: '1' }).open).toBeNull();
  });

  it('takes a page as the whole truth about its stretch, and about nothing below it', () => {
    const [a, b, c] = [9, 5, 1].map((minute) => sampleScan(String(minute), { minute }));
    const whole = run(asked(1), page(1, [a!, b!, c!]));
    const again = [asked(2), page(2, [a!, sampleScan('4', { minute: 4 })], 'more')].reduce(reduceInbox, whole);
    expect(ids(again)).toEqual(['9', '4', '1']);
    expect(countUpTo(again.rows, again.listedTo)).toBe(2);
    const end = reduceInbox(again, page(3, [], null, 2));
    expect(ids(end)).toEqual(['9', '4']);
  });

  it('leaves a page of a former listing aside', () => {
    const state = run(asked(1), page(1, [sampleScan('2', { minute: 2 })], 'more'), asked(2));
    expect(reduceInbox(state, page(3, [sampleScan('1')], null, 1))).toBe(state);
  });

  it('leaves out an arrival below the listed stretch: its page will bring it', () => {
    const state = run(asked(1), page(1, [sampleScan('9', { minute: 9 })], 'more'), answer(2, sampleScan('1')));
    expect(ids(state)).toEqual(['9']);
  });

  it('holds a case that no longer fits the filter until it is closed', () => {
    const filter = { ...NO_FILTER, status: 'unread' as const };
    const open = run(asked(1, filter), page(1, [sampleScan('1')]), { type: 'opened', orderId: '1' });
    const version = open.rows[0]!.scan.version;
    const read = reduceInbox(open, { type: 'read.answered', asked: 2, orderId: '1', version, read: true, unread: 0 });
    expect(ids(read)).toEqual(['1']);
    expect(read.counts?.unread).toBe(0);
    expect(ids(reduceInbox(read, { type: 'closed' }))).toEqual([]);
  });

  it('does not mark a newer version as read by the mark of an older one', () => {
    const scan = sampleScan('1', { versionNumber: 2 });
    const mark: InboxAction = { type: 'read.answered', asked: 2, orderId: '1', version: '1-v1', read: true, unread: 1 };
    expect(run(asked(1), page(1, [scan]), mark).rows[0]?.scan.unread).toBe(true);
  });

  it('drops everything of a patient at once, and keeps the filter', () => {
    const filter = { ...NO_FILTER, status: 'waiting' as const };
    const state = run(asked(1, filter), page(1, [sampleScan('1')]), { type: 'dropped' });
    expect(state.rows).toEqual([]);
    expect(state.filter).toEqual(filter);
  });

  it('keeps what it has when listing again fails', () => {
    const fault = { code: 'offline', displayMessage: '…', retryable: true };
    const state = run(asked(1), page(1, [sampleScan('1')]), asked(2), { type: 'list.failed', asked: 2, fault });
    expect(ids(state)).toEqual(['1']);
    expect(state.load).toEqual({ kind: 'failed', fault });
  });
});

/** A clinic whose cases change; every change sends an event, every event causes a read, and answers come in any order. */
describe('any order of events and answers', () => {
  interface Flight {
    readonly asked: number;
    readonly toAction: () => InboxAction;
    answer: InboxAction | null;
  }
  const step = fc.oneof(
    fc.record({ do: fc.constant('change' as const), id: fc.nat(3) }),
    fc.record({ do: fc.constant('remove' as const), id: fc.nat(3) }),
    fc.record({ do: fc.constant('list' as const), id: fc.nat(3) }),
    fc.record({ do: fc.constant('look' as const), id: fc.nat(9) }),
    fc.record({ do: fc.constant('deliver' as const), id: fc.nat(9) }),
    fc.record({ do: fc.constant('open' as const), id: fc.nat(3) }),
    fc.record({ do: fc.constant('close' as const), id: fc.nat(3) }),
  );

  it('ends in the newest version of each visible case, shown once, in order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = new Map<string, Scan>();
        const numbers = new Map<string, number>();
        const flights: Flight[] = [];
        let clock = 0;
        let request = 1;
        let state = run(asked(1), page(1, []));
        const read = (id: string): void => {
          const number = ++request;
          const toAction = (): InboxAction => {
            const scan = server.get(id);
            return scan ? answer(number, scan) : { type: 'scan.gone', asked: number, orderId: id };
          };
          flights.push({ asked: number, toAction, answer: null });
        };
        const list = (): void => {
          const number = ++request;
          state = reduceInbox(state, asked(number));
          flights.push({ asked: number, toAction: () => page(number, [...server.values()]), answer: null });
        };
        const deliver = (index: number): void => {
          const [flight] = flights.splice(index, 1);
          if (flight) state = reduceInbox(state, flight.answer ?? flight.toAction());
        };
        for (const { do: what, id } of steps) {
          const orderId = `10${id}`;
          if (what === 'change') {
            const versionNumber = (numbers.get(orderId) ?? 0) + 1;
            numbers.set(orderId, versionNumber);
            server.set(orderId, sampleScan(orderId, { minute: ++clock, versionNumber }));
            read(orderId);
          } else if (what === 'remove') {
            server.delete(orderId);
            state = reduceInbox(state, { type: 'scan.gone', asked: ++request, orderId });
          } else if (what === 'list') list();
          else if (what === 'look') {
            const flight = flights[id % Math.max(1, flights.length)];
            if (flight) flight.answer ??= flight.toAction();
          } else if (what === 'deliver') deliver(id % Math.max(1, flights.length));
          else state = reduceInbox(state, what === 'open' ? { type: 'opened', orderId } : { type: 'closed' });
        }
        while (flights.length > 0) deliver(flights.length - 1);
        const wanted = [...server.values()].toSorted(byNewest);
        expect(state.rows.map(({ scan }) => [scan.orderId, scan.versionNumber])).toEqual(
          wanted.map((scan) => [scan.orderId, scan.versionNumber]),
        );
      }),
      { numRuns: 400 },
    );
  });
});
