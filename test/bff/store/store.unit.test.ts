import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store, type Tx } from '../../../bff/store/index.ts';
import fc from '../../support/fast-check.ts';
import { handClock, openTestStore, silent } from '../support/fixtures.ts';

let store: Store;
let folder: string;
beforeEach(async () => {
  store = await openTestStore();
  folder = mkdtempSync(join(tmpdir(), 'itero-test-'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const insert = (tx: Tx, tenant: string, lastId = 0) =>
  tx.insertInto('event_counters').values({ vendor: 'v', tenant, last_id: lastId, pruned_to: 0 }).execute();
const stored = async (of = store) =>
  (await of.db.selectFrom('event_counters').select('tenant').orderBy('tenant').execute()).map((row) => row.tenant);

describe('writers that share a commit', () => {
  it('are stored exactly where they were told so, whatever the others do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ fails: fc.boolean(), before: fc.boolean(), later: fc.nat(2) }), { maxLength: 30 }),
        async (writers) => {
          const fresh = await openTestStore();
          const acknowledged: string[] = [];
          await Promise.all(
            writers.map(async ({ fails, before, later }, index) => {
              for (let turn = 0; turn < later; turn += 1)
                await new Promise((resolve) => {
                  setImmediate(resolve);
                });
              const name = String(index).padStart(3, '0');
              const write = fresh.write(async (tx) => {
                if (fails && before) throw new Error('refused');
                await insert(tx, name);
                if (fails) throw new Error('refused');
              });
              await write.then(
                () => acknowledged.push(name),
                (error: unknown) => expect(String(error)).toContain('refused'),
              );
            }),
          );
          expect(await stored(fresh)).toEqual(acknowledged.sort());
          expect(acknowledged).toHaveLength(writers.filter((writer) => !writer.fails).length);
          await fresh.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are all refused when the commit fails, and the next ones go through', async () => {
    // A deferred constraint is looked at by COMMIT alone.
    await store.close();
    const path = join(folder, 'commit.db');
    store = await openStore({ url: `sqlite:${path}`, clock: handClock(), log: silent });
    const other = new DatabaseSync(path);
    other.exec(`CREATE TABLE parent (id TEXT PRIMARY KEY);
      CREATE TABLE child (id TEXT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER orphan AFTER INSERT ON event_counters WHEN NEW.tenant = 'orphan'
        BEGIN INSERT INTO child VALUES ('nobody'); END`);
    const outcomes = await Promise.allSettled([
      store.write((tx) => insert(tx, 'innocent')),
      store.write((tx) => insert(tx, 'orphan')),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
    await store.write((tx) => insert(tx, 'later'));
    expect(await stored()).toEqual(['later']);
    other.close();
  });

  it('are seen by readers after the commit only', async () => {
    let seenInside: string[] = ['not looked'];
    await store.write(async (tx) => {
      await insert(tx, 'a');
      seenInside = await stored();
    });
    expect(seenInside).toEqual([]);
    expect(await stored()).toEqual(['a']);
  });
});

describe('tasks after a commit', () => {
  it('run once it is stored, in order, and not for a writer that failed', async () => {
    const ran: string[] = [];
    await Promise.allSettled(
      ['a', 'b', 'c'].map((name) =>
        store.write(async (tx) => {
          await insert(tx, name);
          store.afterCommit(tx, () => ran.push(name));
          if (name === 'b') throw new Error('refused');
        }),
      ),
    );
    expect(ran).toEqual(['a', 'c']);
  });

  it('are refused outside of their transaction', async () => {
    let kept: Tx | undefined;
    await store.write(async (tx) => {
      kept = tx;
      await insert(tx, 'a');
    });
    expect(() => store.afterCommit(kept as Tx, () => undefined)).toThrow('outside');
  });
});

describe('values', () => {
  it.each([
    ['a Date', new Date()],
    ['a boolean', true],
  ])('refuses %s, which node:sqlite would misread', async (_name, value) => {
    await expect(store.write((tx) => insert(tx, 'a', value as never))).rejects.toThrow('cannot be stored');
    expect(await stored()).toEqual([]);
  });
});

describe('opening', () => {
  it('keeps what was written, and migrates once', async () => {
    const url = `sqlite:${join(folder, 'deep', 'itero.db')}`;
    for (const name of ['a', 'b']) {
      const opened = await openStore({ url, clock: handClock(), log: silent });
      await opened.write((tx) => insert(tx, name));
      await opened.close();
    }
    const again = await openStore({ url, clock: handClock(), log: silent });
    expect(await stored(again)).toEqual(['a', 'b']);
    await again.close();
  });

  it.each([
    ['postgres://127.0.0.1:9/itero', /nobody answers there/],
    ['mysql://db', /must be "sqlite:/],
    ['sqlite:/dev/null/x.db', /cannot be opened/],
  ])('says what is wrong with %s', async (url, sentence) => {
    await expect(openStore({ url, clock: handClock(), log: silent })).rejects.toThrow(sentence);
  });

  it('says so when the file is no database', async () => {
    const path = join(folder, 'x.db');
    writeFileSync(path, 'this is no database, but long enough to be looked at as one'.repeat(40));
    await expect(openStore({ url: `sqlite:${path}`, clock: handClock(), log: silent })).rejects.toThrow(
      'cannot be opened',
    );
  });

  it('refuses writers after it was closed, and finishes those before', async () => {
    const path = join(folder, 'closing.db');
    const closing = await openStore({ url: `sqlite:${path}`, clock: handClock(), log: silent });
    const writing = closing.write((tx) => insert(tx, 'a'));
    await Promise.all([writing, closing.close()]);
    await expect(closing.write((tx) => insert(tx, 'b'))).rejects.toThrow('closed');
    const again = await openStore({ url: `sqlite:${path}`, clock: handClock(), log: silent });
    expect(await stored(again)).toEqual(['a']);
    await again.close();
  });
});

describe('a kill at any moment', () => {
  it('loses nothing that was acknowledged', async () => {
    const path = join(folder, 'killed.db');
    let acknowledged = 0;
    for (let round = 0; round < 4; round += 1) {
      const child = fork(join(import.meta.dirname, 'writer-process.ts'), [path], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const enough = 20 + round * 37;
      let seen = 0;
      await new Promise<void>((resolve) => {
        child.on('message', () => {
          acknowledged += 1;
          seen += 1;
          if (seen === enough) child.kill('SIGKILL');
        });
        child.once('exit', () => resolve());
      });
    }
    const after = await openStore({ url: `sqlite:${path}`, clock: handClock(), log: silent });
    const row = await after.db
      .selectFrom('hints')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(acknowledged).toBeGreaterThan(80);
    expect(row.count).toBeGreaterThanOrEqual(acknowledged);
    await after.close();
  });
});

it('makes files that nobody else on the machine can read', async () => {
  const place = join(folder, 'new', 'itero.db');
  const own = await openStore({ url: `sqlite:${place}`, clock: handClock(), log: silent });
  await own.write((tx) => insert(tx, 'a'));
  const modes = readdirSync(join(folder, 'new')).map((name) => statSync(join(folder, 'new', name)).mode & 0o77);
  await own.close();
  expect(modes.length).toBeGreaterThan(1);
  expect(new Set([...modes, statSync(join(folder, 'new')).mode & 0o77])).toEqual(new Set([0]));
});
