/** How old a practice configuration may be that is shown, or judged by. */
import { beforeEach, expect, it } from 'vitest';
import type { Practice } from '../../../shared/practice.ts';
import { AlignFault, type AlignPort } from '../../../bff/align/index.ts';
import { createPracticeBook, type PracticeBook } from '../../../bff/requests/practice-book.ts';
import type { LoginRow } from '../../../bff/store/schema.ts';
import { connectionRow, handClock, silent, type HandClock } from '../support/fixtures.ts';

const HOUR = 3_600_000;
const connection = connectionRow();
let clock: HandClock;
let reads: number;
let fault: AlignFault | null;
let book: PracticeBook;

beforeEach(() => {
  clock = handClock();
  reads = 0;
  fault = null;
  const practice = (): Promise<Practice> => {
    reads += 1;
    return fault === null ? Promise.resolve({ fetchedAt: `read ${reads}` } as Practice) : Promise.reject(fault);
  };
  book = createPracticeBook({
    align: { practice } as Partial<AlignPort> as AlignPort,
    vault: { withToken: (_, call) => call('token', {} as LoginRow) },
    clock,
    log: silent,
  });
});

const read = async (maxAge?: number) => (await book.read(connection, 'u', maxAge)).fetchedAt;

it('serves what was read for ten minutes, or for as long as the reader allows', async () => {
  expect(await read()).toBe('read 1');
  await clock.advance(600_000);
  expect(await read()).toBe('read 1');
  expect(await read(30_000)).toBe('read 2');
  await clock.advance(600_001);
  expect(await read()).toBe('read 3');
});

it('reads anew when the clock was set back since: nobody knows how old it is', async () => {
  await read();
  clock.set(clock.now() - 6 * HOUR);
  expect(await read()).toBe('read 2');
  expect(await read()).toBe('read 2');
});

it('serves a former one while upstream is away, for a day', async () => {
  await read();
  fault = new AlignFault('unavailable', 'test');
  await clock.advance(24 * HOUR);
  expect(await read()).toBe('read 1');
  await clock.advance(1);
  await expect(read()).rejects.toBe(fault);
});

it('serves a former one while upstream is away and the clock was set back', async () => {
  await read();
  fault = new AlignFault('unavailable', 'test');
  clock.set(clock.now() - 6 * HOUR);
  expect(await read()).toBe('read 1');
  expect(reads).toBe(2);
});
