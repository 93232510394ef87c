import { describe, expect, it } from 'vitest';
import type { Fault } from '../../../widget/core/fault.ts';
import { LOADING, reduceList, type ListAction } from '../../../widget/itero-scan-request/list-state.ts';
import { splitRequests } from '../../../widget/itero-scan-request/split-requests.ts';
import { scanRequest } from '../fixtures/practice.fixture.ts';

const fault: Fault = { code: 'scanning_has_begun', displayMessage: 'Scanning has begun.', retryable: false };
const loaded: ListAction = { type: 'loaded', items: [scanRequest()] };
const run = (...actions: ListAction[]) => actions.reduce(reduceList, LOADING);

describe('the list of requests', () => {
  it('shows a failed first load, and keeps a list that could not be refreshed', () => {
    expect(run({ type: 'load_failed', fault })).toEqual({ kind: 'failed', fault });
    expect(run(loaded, { type: 'load_failed', fault })).toMatchObject({
      kind: 'ready',
      stale: fault,
      items: [{ id: 'r1' }],
    });
    expect(run(loaded, { type: 'load_failed', fault }, loaded)).toMatchObject({ kind: 'ready', stale: null });
  });

  it('asks before it cancels, and leaves the row as it is until the answer', () => {
    expect(run(loaded, { type: 'cancel' })).toMatchObject({ cancelling: null });
    expect(run(loaded, { type: 'ask_cancel', id: 'r1' })).toMatchObject({ cancelling: { id: 'r1', step: 'asking' } });
    const running = run(loaded, { type: 'ask_cancel', id: 'r1' }, { type: 'cancel' });
    expect(running).toMatchObject({ cancelling: { step: 'running' }, items: [{ state: 'sent' }] });
    expect(reduceList(running, { type: 'keep' })).toBe(running);
    expect(reduceList(running, { type: 'ask_cancel', id: 'r2' })).toBe(running);
    expect(reduceList(running, { type: 'cancelled' })).toMatchObject({ cancelling: null });
  });

  it('keeps the reason of a refused cancel through a refresh, until it is put away', () => {
    const refused = run(
      loaded,
      { type: 'ask_cancel', id: 'r1' },
      { type: 'cancel' },
      { type: 'cancel_failed', fault },
      loaded,
    );
    expect(refused).toMatchObject({ cancelling: { id: 'r1', step: 'refused', fault } });
    expect(reduceList(refused, { type: 'keep' })).toMatchObject({ cancelling: null });
  });

  it('drops everything with the patient', () => {
    expect(run(loaded, { type: 'ask_cancel', id: 'r1' }, { type: 'drop' })).toEqual(LOADING);
  });

  it('folds away what was closed more than a day ago, and nothing that is open', () => {
    const now = Date.parse('2026-11-25T10:00:00.000Z');
    const before = '2026-11-24T09:59:59.000Z';
    const items = [
      scanRequest({ id: 'old-open', state: 'unconfirmed', createdAt: before }),
      scanRequest({ id: 'old-closed', state: 'scanned', createdAt: before }),
      scanRequest({ id: 'new-closed', state: 'cancelled', createdAt: '2026-11-24T10:00:01.000Z' }),
    ];
    const [current, earlier] = splitRequests(items, now);
    expect([current.map(({ id }) => id), earlier.map(({ id }) => id)]).toEqual([
      ['old-open', 'new-closed'],
      ['old-closed'],
    ]);
  });
});
