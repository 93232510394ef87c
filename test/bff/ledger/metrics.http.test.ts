import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../../bff/http/metrics.ts';
import { createLedgerFigures } from '../../../bff/ledger/figures.ts';
import type { Store } from '../../../bff/store/index.ts';
import { addConnection, environment, handClock, openTestStore, START } from '../support/fixtures.ts';

const clock = handClock();
let store: Store;
beforeAll(async () => {
  store = await openTestStore(clock);
});
afterAll(() => store.close());

const linesOf = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));

describe('what flows through this instance', () => {
  it('is counted by bounded words, each there from the start', async () => {
    const metrics = createMetrics({ process: false, clock });
    expect(linesOf(await metrics.text(), 'itero_versions_total')).toEqual([
      'itero_versions_total{learnt_by="notification"} 0',
      'itero_versions_total{learnt_by="poll"} 0',
      'itero_versions_total{learnt_by="recheck"} 0',
      'itero_versions_total{learnt_by="backfill"} 0',
    ]);
    metrics.flow.version('poll', 119_000);
    metrics.flow.version('notification', -300);
    metrics.flow.version('backfill', 9e9);
    metrics.flow.poll('limited');
    metrics.flow.recheck('found');
    const text = await metrics.text();
    expect(linesOf(text, 'itero_versions_total{learnt_by="poll"')).toEqual([
      'itero_versions_total{learnt_by="poll"} 1',
    ]);
    expect(text).toContain('itero_polls_total{outcome="limited"} 1');
    expect(text).toContain('itero_rechecks_total{outcome="found"} 1');
    expect(text).toContain('itero_version_lateness_seconds_bucket{le="60",learnt_by="poll"} 0');
    expect(text).toContain('itero_version_lateness_seconds_bucket{le="130",learnt_by="poll"} 1');
    expect(text).toContain('itero_version_lateness_seconds_sum{learnt_by="notification"} 0');
    expect(text).not.toContain('itero_version_lateness_seconds_sum{learnt_by="backfill"}');
  });
});

describe('how the deployment stands', () => {
  it('is read from the database: hints, accounts, callbacks, who is behind; no clinic is named', async () => {
    await addConnection(store, {
      tenant: 'Canary-1',
      callback_state: 'suspect',
      problem: 'service_misconfigured',
      last_full_check_at: null,
      last_pair_at: START - 4_000_000,
    });
    const fresh = await addConnection(store, { tenant: 'Canary-2', last_full_check_at: START });
    const lost = await addConnection(store, { tenant: 'Canary-3', state: 'lost', last_full_check_at: null });
    await addConnection(store, { tenant: 'Canary-4', environment: 'other' });
    const hint = {
      vendor: 'acme',
      tenant: 'Canary-2',
      environment: 'sandbox',
      connection_id: fresh.id,
      attempts: 0,
      next_at: 0,
      outcome: null,
    };
    await store.write((tx) =>
      tx
        .insertInto('hints')
        .values([
          { ...hint, rx_id: 'a', received_at: START, state: 'waiting' },
          { ...hint, rx_id: 'b', received_at: START + 60_000, state: 'waiting' },
          { ...hint, rx_id: 'c', received_at: START - 60_000, state: 'done' },
          // iTero does not know it yet: looked for again later.
          { ...hint, rx_id: 'd', received_at: START - 60_000, next_at: START + 200_000, state: 'waiting' },
          // Nobody can follow it before the clinic is connected again.
          { ...hint, rx_id: 'e', received_at: START - 60_000, state: 'waiting', connection_id: lost.id },
        ])
        .execute(),
    );
    clock.set(START + 90_000);
    const metrics = createMetrics({ process: false, clock });
    for (const figure of createLedgerFigures({ store, align: { environment }, clock })) metrics.figure(figure);
    const text = await metrics.text();
    for (const line of [
      'itero_hints_waiting 4',
      'itero_hints_oldest_seconds 90',
      'itero_accounts{state="paired"} 2',
      'itero_accounts{state="needs_login"} 0',
      'itero_accounts{state="lost"} 1',
      'itero_accounts_callback{callback="suspect"} 1',
      'itero_accounts_callback{callback="registered"} 1',
      'itero_accounts_callback{callback="none"} 0',
      'itero_accounts_behind 1',
      'itero_accounts_failing{problem="service_misconfigured"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('Canary');
  });

  it('is left out where it cannot be read, and the other figures stand', async () => {
    const metrics = createMetrics({ process: false, clock });
    let broken = false;
    const read = (): Promise<number> => (broken ? Promise.reject(new Error('no database')) : Promise.resolve(7));
    metrics.figure({ name: 'itero_one', help: 'h', read });
    metrics.figure({ name: 'itero_by_word', help: 'h', label: 'word', read: async () => ({ a: await read() }) });
    expect(await metrics.text()).toMatch(/itero_one 7[^]*itero_by_word\{word="a"\} 7/);
    broken = true;
    const text = await metrics.text();
    expect([...linesOf(text, 'itero_one'), ...linesOf(text, 'itero_by_word')]).toEqual([]);
    expect(text).toContain('itero_versions_total{learnt_by="poll"} 0');
    expect(await metrics.text()).toMatch(/itero_figures_unreadable_total [2-4]/);
  });

  it('is left out where it is not read in time, and what this process knows comes at once', async () => {
    const own = handClock();
    const metrics = createMetrics({ process: false, clock: own });
    metrics.figure({ name: 'itero_stuck', help: 'h', read: () => new Promise<number>(() => undefined) });
    const text = metrics.text();
    await own.advance(3000);
    expect(linesOf(await text, 'itero_stuck')).toEqual([]);
    expect(await text).toContain('itero_versions_total{learnt_by="poll"} 0');
  });
});
