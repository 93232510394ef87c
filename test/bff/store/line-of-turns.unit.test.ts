/** Clinics that wait for their turn to write on PostgreSQL, without a server: the connection that they get never does anything. */
import type { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { PostgresWriter } from '../../../bff/store/postgres-writes.ts';
import type { Schema } from '../../../bff/store/schema.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import { handClock, settle } from '../support/fixtures.ts';

function open(turnsAtOnce: number) {
  const clock = handClock();
  const began: (() => void)[] = [];
  /** Each connection that is asked for is refused when the test says so. */
  const db = {
    startTransaction: () => ({
      execute: () =>
        new Promise((_resolve, reject) => {
          began.push(() => reject(new Error('refused')));
        }),
    }),
  } as unknown as Kysely<Schema>;
  const writer = new PostgresWriter({
    db,
    turnsAtOnce,
    clock,
    random: createSystemRandom(),
    onHookError: () => undefined,
  });
  const write = (tenant?: string): Promise<string> =>
    writer
      .write(() => Promise.resolve(), tenant === undefined ? undefined : { vendor: 'v', tenant })
      .then(
        () => 'stored',
        (error: Error) => error.message,
      );
  return { clock, writer, began, write };
}

describe('clinics whose turns wait', () => {
  it('have so many connections at most, and what names no tenant does not wait behind them', async () => {
    const { began, write } = open(2);
    for (const tenant of ['a', 'b', 'c', 'd']) void write(tenant);
    await settle(4);
    expect(began).toHaveLength(2);
    void write();
    await settle(4);
    expect(began).toHaveLength(3);
  });

  it('follow when another’s turn ends, be it in vain, in the order in which they came', async () => {
    const { began, write } = open(1);
    const ended: string[] = [];
    for (const tenant of ['a', 'b', 'c']) void write(tenant).then(() => ended.push(tenant));
    for (let turn = 0; turn < 3; turn += 1) {
      await settle(4);
      expect(began).toHaveLength(turn + 1);
      began[turn]?.();
    }
    await settle(4);
    expect(ended).toEqual(['a', 'b', 'c']);
  });

  it('are refused after ten seconds in line, and their place with them: the next one still gets the turn', async () => {
    const { clock, began, write } = open(1);
    const first = write('a');
    const second = write('b');
    await clock.advance(9000);
    const third = write('c');
    await clock.advance(1500);
    expect(await second).toContain('took too long');
    began[0]?.();
    expect(await first).toBe('refused');
    await settle(4);
    expect(began).toHaveLength(2);
    began[1]?.();
    expect(await third).toBe('refused');
  });

  it('are all answered before the store is closed', async () => {
    const { clock, writer, began, write } = open(1);
    const answers = [write('a'), write('b')];
    await settle(4);
    const closed = writer.close();
    await clock.advance(10_000);
    began[0]?.();
    await closed;
    expect(await Promise.all(answers)).toEqual(['refused', expect.stringContaining('took too long')]);
  });
});
