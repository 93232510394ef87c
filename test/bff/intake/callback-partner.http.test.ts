/** The one callback URL of a partner registration: who it is for is said by the account number alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionRow } from '../../../bff/store/schema.ts';
import { connectionRow } from '../support/fixtures.ts';
import {
  CLOSE,
  JSON_TYPE,
  openCallbackStand,
  post,
  problemOf,
  rx,
  statuses,
  TOKEN,
  type CallbackStand,
} from './callback-stand.ts';

const PARTNER = 'p'.repeat(43);
const PATH = `/v1/callbacks/partner/${PARTNER}`;
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';

let stand: CallbackStand;
beforeEach(async () => {
  stand = await openCallbackStand({ partnerCallbackToken: PARTNER });
});
afterEach(() => stand.close());

const tell = (body: string, path = PATH, type = JSON_TYPE): Promise<string> =>
  stand.exchange(post(body, type + CLOSE, path));
const add = async (change: Partial<ConnectionRow>): Promise<ConnectionRow> => {
  const row = connectionRow({ environment: 'simulator', ...change });
  await stand.store.write((tx) => tx.insertInto('connections').values(row).execute());
  return row;
};
const owners = async () =>
  (
    await stand.store.db.selectFrom('hints').select(['connection_id', 'tenant', 'environment']).orderBy('id').execute()
  ).map(({ connection_id, tenant, environment }) => ({ id: connection_id, tenant, environment }));
const ownerOf = ({ id, tenant, environment }: ConnectionRow) => ({ id, tenant, environment });

describe('a notification at the partner-level callback', () => {
  it.each([
    ['a text', JSON_TYPE, '{"rxId":"rx-1","accountNumber":"1042"}'],
    ['a number', JSON_TYPE, '{"rxId":"rx-1","accountNumber":1042}'],
    ['a field of a form', FORM, 'rxId=rx-1&account_number=1042'],
  ])('goes to the clinic that has the account, named as %s', async (_name, type, body) => {
    const lakeview = await add({ account_id: '1042' });
    expect(statuses(await tell(body, PATH, type))).toEqual([204]);
    expect(await owners()).toEqual([ownerOf(lakeview)]);
  });

  it('comes as a query, too', async () => {
    const said = await stand.exchange(`GET ${PATH}?rxId=rx-1&accountNumber=1017 HTTP/1.1\r\nHost: bff\r\n${CLOSE}\r\n`);
    expect(statuses(said)).toEqual([204]);
    expect(await owners()).toEqual([ownerOf(stand.connection)]);
  });

  it('confirms the callback of that clinic alone', async () => {
    const lakeview = await add({ account_id: '1042' });
    await tell(rx('rx-1'));
    const rows = await stand.store.db.selectFrom('connections').select(['id', 'callback_state']).execute();
    expect(Object.fromEntries(rows.map((row) => [row.id, row.callback_state]))).toEqual({
      [stand.connection.id]: 'confirmed',
      [lakeview.id]: 'registered',
    });
  });

  it('is refused without an account number', async () => {
    const said = await tell('{"rxId":"rx-1"}');
    expect([statuses(said), problemOf(said)]).toEqual([[400], 'invalid_request']);
    expect(said).toContain('"path":"accountNumber"');
    expect(await owners()).toEqual([]);
  });

  it.each([
    ['an account that nobody here has', PATH, '{"rxId":"rx-1","accountNumber":"4711"}'],
    ['an account of another environment', PATH, '{"rxId":"rx-1","accountNumber":"1050"}'],
    ['an account that was un-paired', PATH, '{"rxId":"rx-1","accountNumber":"1051"}'],
    ['an account that was un-paired elsewhere', PATH, '{"rxId":"rx-1","accountNumber":"1052"}'],
    ['another token', `${PATH}p`, rx('rx-1')],
    ['another token of the same length', PATH.replace('ppp', 'pxp'), rx('rx-1')],
    ["a clinic's own token", `/v1/callbacks/partner/${TOKEN}`, rx('rx-1')],
    ["its token at the clinics' address", `/v1/callbacks/${PARTNER}`, rx('rx-1')],
  ])('is answered for %s as for an address that is none', async (_name, path, body) => {
    await add({ account_id: '1050', environment: 'other' });
    await add({ account_id: '1051', state: 'unpaired' });
    await add({ account_id: '1052', state: 'lost' });
    const anonymous = (said: string): string => said.replaceAll(/req_[\w-]+|\r\ndate: [^\r]+/gi, '');
    const said = await tell(body, path);
    expect(anonymous(said)).toBe(anonymous(await tell(rx('rx-1'), '/v1/callbacks/partner/nobody')));
    expect([statuses(said), problemOf(said)]).toEqual([[404], 'not_found']);
    expect(await owners()).toEqual([]);
  });

  it('opens nothing to who knows the account, but not the token', async () => {
    expect(statuses(await tell(rx('rx-1')))).toEqual([204]);
    for (const path of ['/v1/callbacks/simulator%201017', '/v1/callbacks/partner/simulator%201017']) {
      expect(statuses(await tell(rx('rx-2'), path)), path).toEqual([404]);
    }
    expect(await owners()).toHaveLength(1);
  });

  it('is kept for a clinic that nobody is signed in to any more', async () => {
    await stand.store.write((tx) => tx.updateTable('connections').set({ state: 'needs_login' }).execute());
    expect(statuses(await tell(rx('rx-1')))).toEqual([204]);
    expect(await owners()).toEqual([ownerOf(stand.connection)]);
  });

  it('follows an account to the clinic that has it now', async () => {
    await tell(rx('rx-1'));
    await stand.store.write((tx) => tx.updateTable('connections').set({ state: 'unpaired' }).execute());
    const heir = await add({ account_id: '1017' });
    await stand.clock.advance(1000);
    await tell(rx('rx-2'));
    expect(await owners()).toEqual([ownerOf(stand.connection), ownerOf(heir)]);
  });

  it('needs no restart when its token is changed', async () => {
    const settings = stand.align.current();
    const { simulator } = settings.environments;
    if (simulator === undefined) throw new Error('no simulator');
    const fresh = 'q'.repeat(43);
    const environments = { ...settings.environments, simulator: { ...simulator, partnerCallbackToken: fresh } };
    stand.align.change({ ...settings, environments });
    expect(statuses(await tell(rx('rx-1')))).toEqual([404]);
    expect(statuses(await tell(rx('rx-1'), `/v1/callbacks/partner/${fresh}`))).toEqual([204]);
  });

  it('is refused at every such address where none is configured', async () => {
    const bare = await openCallbackStand();
    const said = await bare.exchange(post(rx('rx-1'), JSON_TYPE + CLOSE, PATH));
    await bare.close();
    expect(statuses(said)).toEqual([404]);
  });

  it('leaves no token in the log', async () => {
    await tell(rx('rx-1'));
    await tell(rx('rx-1'), `${PATH}p`);
    expect(stand.lines.filter(({ message }) => message === 'answered')).toMatchObject(
      [204, 404].map((status) => ({ fields: { route: '/v1/callbacks/partner/:token', status } })),
    );
    expect(JSON.stringify(stand.lines)).not.toContain('ppp');
  });
});
