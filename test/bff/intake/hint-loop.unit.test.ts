import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlignFault } from '../../../bff/align/index.ts';
import type { RawEndpoint } from '../../../bff/http/endpoint.ts';
import type { Env } from '../../../bff/http/env.ts';
import { ProblemError } from '../../../bff/http/problem-error.ts';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { addConnection, asset, order, settle, silent, START, TIMINGS } from '../support/fixtures.ts';
import { callbackToken, openWorld, type World } from '../support/world.ts';

let world: World;
let connection: ConnectionRow;
let app: Hono<Env>;
beforeEach(async () => {
  world = await openWorld();
  connection = await addConnection(world.store, { backfilled_at: START, cursor_at: START });
  // Notifications alone: the account was listed a moment ago.
  await world.store.write((tx) =>
    tx
      .insertInto('poll_leases')
      .values({
        environment: 'sandbox',
        account_id: connection.account_id,
        holder: null,
        held_until: 0,
        last_ended_at: START,
        not_before: START + 20 * 3_600_000,
      })
      .execute(),
  );
  app = new Hono<Env>();
  app.onError((error, context) =>
    error instanceof ProblemError ? context.json({ code: error.code }, 400) : context.json({ code: 'internal' }, 500),
  );
  for (const endpoint of world.intake.endpoints as RawEndpoint[]) {
    app.on(endpoint.method.toUpperCase(), endpoint.path, (context) => {
      context.set('log', silent);
      return endpoint.handle(context);
    });
  }
});
afterEach(() => world.close());

const notify = (body: unknown, token = callbackToken) =>
  app.request(`/v1/callbacks/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const hints = () => world.store.db.selectFrom('hints').selectAll().execute();
const events = async () =>
  (await world.store.db.selectFrom('events').select('type').orderBy('id').execute()).map((row) => row.type);
const code = async (answer: Response | Promise<Response>) => ((await (await answer).json()) as { code: string }).code;

describe('a notification', () => {
  it.each([
    ['JSON', 'application/json', '{"rxId":"rx-1","accountNumber":"1017"}'],
    ['other spellings and a number', 'application/json', '{"RX_ID":"rx-1","AccountNumber":1017}'],
    ['a form', 'application/x-www-form-urlencoded', 'RxID=rx-1&account_number=1017'],
    ['JSON without its type', 'text/plain', '{"rxid":"rx-1"}'],
  ])('is taken as %s, and is on disk before the answer', async (_name, type, body) => {
    const answer = await app.request(`/v1/callbacks/${callbackToken}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(answer.status).toBe(204);
    expect(await hints()).toMatchObject([{ rx_id: 'rx-1', connection_id: connection.id, state: 'waiting' }]);
  });

  it('is taken as a query', async () => {
    expect((await app.request(`/v1/callbacks/${callbackToken}?rxId=rx-1`)).status).toBe(204);
    expect(await hints()).toHaveLength(1);
  });

  it.each([
    ['an unknown address', 'other', { rxId: 'rx-1' }, 'not_found'],
    ['no RX', callbackToken, { accountNumber: '1017' }, 'invalid_request'],
    ['an RX that is no id', callbackToken, { rxId: '../../x y' }, 'invalid_request'],
    ['neither JSON nor form', callbackToken, '\u0000\u0001', 'invalid_request'],
    ['a large body', callbackToken, { rxId: 'rx-1', more: 'x'.repeat(9000) }, 'payload_too_large'],
  ])('is refused for %s', async (_name, token, body, expected) => {
    expect(await code(notify(body, token))).toBe(expected);
    expect(await hints()).toEqual([]);
  });

  it('is not acknowledged when it cannot be stored', async () => {
    await world.intake.stop();
    await world.store.write((tx) => tx.schema.dropTable('hints').execute());
    expect(await code(notify({ rxId: 'rx-1' }))).toBe('internal');
  });
});

describe('what a notification points to', () => {
  it('becomes visible once, however often it is told', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    world.intake.start();
    for (let times = 0; times < 3; times += 1) await notify({ rxId: 'rx-1' });
    await settle();
    await notify({ rxId: 'rx-1' });
    await world.clock.advance(1000);
    expect(await events()).toEqual(['scan.received']);
    expect(new Set((await hints()).map((hint) => hint.state))).toEqual(new Set(['done']));
  });

  it('is looked at again when it is told while a look runs', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    let answer: (() => void) | undefined;
    const { orderByRxId } = world.align;
    let looks = 0;
    world.align.orderByRxId = async (token, rxId) => {
      looks += 1;
      const seen = await orderByRxId(token, rxId);
      if (looks === 1)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      return seen;
    };
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await settle();
    world.upstream.orders = [order(connection, { rxId: 'rx-1', modifiedAt: START + 5 })];
    await notify({ rxId: 'rx-1' });
    await settle();
    answer?.();
    await world.clock.advance(1000);
    expect(await events()).toEqual(['scan.received', 'scan.updated']);
  });

  it('is found after a restart', async () => {
    await notify({ rxId: 'rx-1' });
    world.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const restarted = await openWorld({ store: world.store, clock: world.clock, upstream: world.upstream });
    restarted.intake.start();
    await world.clock.advance(1000);
    expect(await events()).toEqual(['scan.received']);
    await restarted.intake.stop();
  });

  it('is asked for again while upstream does not know it yet, and given up in the end', async () => {
    world.timings = { ...TIMINGS, recheckFor: 3_600_000 };
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await world.clock.advance(1000);
    expect(await hints()).toMatchObject([{ state: 'waiting', attempts: 1, outcome: 'not_found' }]);
    await world.clock.advance(45_000);
    const looks = world.upstream.calls
      .filter((call) => call.operation === 'orderByRxId')
      .map((call) => call.at - START);
    expect(looks[1]).toBeGreaterThanOrEqual(40_000);
    await world.clock.advance(2 * 3_600_000);
    expect(await hints()).toMatchObject([{ state: 'gone' }]);
    expect(world.upstream.calls.length).toBeLessThan(200);
  });

  it.each(['unavailable', 'timeout', 'wrong_shape', 'unauthorized'] as const)(
    'survives upstream being %s',
    async (kind) => {
      world.upstream.orders = [order(connection, { rxId: 'rx-1' })];
      world.upstream.rxFaults.push(...Array.from({ length: 4 }, () => new AlignFault(kind, 'getOrderByRxId')));
      world.intake.start();
      await notify({ rxId: 'rx-1' });
      await world.clock.advance(1000);
      const row = await world.store.db.selectFrom('connections').select('problem').executeTakeFirstOrThrow();
      expect(row.problem).not.toBeNull();
      await world.clock.advance(120_000);
      expect(await events()).toEqual(['scan.received']);
    },
  );

  it('never shows an order of another account', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1', accountId: '9' })];
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await world.clock.advance(1000);
    expect(await hints()).toMatchObject([{ state: 'gone', outcome: 'other_account' }]);
    expect(await events()).toEqual([]);
  });

  it('is not held up by one that upstream does not answer', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1' })];
    const { orderByRxId } = world.align;
    let release = (): void => undefined;
    const blocked = new Promise<never>((_, reject) => {
      release = () => reject(new AlignFault('timeout', 'getOrderByRxId'));
    });
    world.align.orderByRxId = (token, rxId) => (rxId === 'slow' ? blocked : orderByRxId(token, rxId));
    world.intake.start();
    await notify({ rxId: 'slow' });
    await settle();
    await notify({ rxId: 'rx-1' });
    await settle();
    expect(await events()).toEqual(['scan.received']);
    release();
  });
});

describe('a missing iDE', () => {
  const looksAt = () =>
    world.upstream.calls.filter((call) => call.operation === 'orderByRxId').map((call) => call.at - START);

  it('is looked for at 40 s and 80 s, then told missing, then looked for with growing pauses', async () => {
    world.timings = { ...TIMINGS, recheckFor: 2 * 3_600_000 };
    world.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await world.clock.advance(75_000);
    expect(looksAt()).toEqual([0, 40_000]);
    expect(await events()).toEqual(['scan.received']);
    await world.clock.advance(10_000);
    expect(looksAt()).toEqual([0, 40_000, 80_000]);
    expect(await events()).toEqual(['scan.received', 'scan.asset_missing']);
    await world.clock.advance(3_600_000);
    const later = looksAt().slice(3);
    const pauses = later.map((at, index) => at - (looksAt()[index + 2] ?? 0));
    expect(pauses.every((pause, index) => pause >= (pauses[index - 1] ?? 0))).toBe(true);
    expect(pauses.length).toBeLessThan(8);
    expect(await events()).toEqual(['scan.received', 'scan.asset_missing']);
    await world.clock.advance(2 * 3_600_000);
    const scan = await world.store.db
      .selectFrom('scans')
      .select(['recheck_at', 'missing_since'])
      .executeTakeFirstOrThrow();
    expect(scan).toMatchObject({ recheck_at: null, missing_since: START });
  });

  it('becomes a new version when it comes, and the looking ends', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await world.clock.advance(50_000);
    world.upstream.orders = [
      order(connection, { rxId: 'rx-1', assets: [asset('gallery'), asset('ide', START + 60_000)] }),
    ];
    await world.clock.advance(600_000);
    expect(looksAt()).toEqual([0, 40_000, 80_000]);
    expect(await events()).toEqual(['scan.received', 'scan.updated', 'scan.asset_ready']);
  });

  it('is looked for again soon when upstream was down, without being told missing for that', async () => {
    world.upstream.orders = [order(connection, { rxId: 'rx-1', assets: [asset('gallery')] })];
    world.intake.start();
    await notify({ rxId: 'rx-1' });
    await settle();
    world.upstream.rxFaults.push(new AlignFault('unavailable', 'getOrderByRxId'));
    await world.clock.advance(60_000);
    expect(looksAt()).toEqual([0, 40_000, 55_000]);
  });
});
