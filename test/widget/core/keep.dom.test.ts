import { assert } from 'chai';
import '../../support/dom/own-storage.ts';
import { fetchKeep, openKeep } from '../../../widget/core/keep.ts';

const lee = { vendor: 'acme', tenant: 'north', sub: 'dr-lee' };
const kim = { vendor: 'acme', tenant: 'north', sub: 'assistant-kim' };

describe('what is kept in the browser', () => {
  it('is there again for the same vendor, tenant and user', async () => {
    await openKeep(lee).set('filters', { status: 'unread' });
    assert.deepEqual(await openKeep(lee).get('filters'), { status: 'unread' });
  });

  it('is changed in one step, whoever else changes it at the same time', async () => {
    const add = (name: string) => (kept: unknown) => [...(Array.isArray(kept) ? kept : []), name];
    await Promise.all([openKeep(lee).update('marks', add('one')), openKeep(lee).update('marks', add('two'))]);
    assert.sameMembers((await openKeep(lee).get('marks')) as string[], ['one', 'two']);
    await openKeep(lee).update('marks', () => undefined);
    assert.isUndefined(await openKeep(lee).get('marks'));
  });

  it('is what was asked to be kept last, also while it is still being written', async () => {
    void openKeep(lee).set('filters', 'before');
    void openKeep(lee).set('filters', 'last');
    void fetchKeep();
    assert.equal(await openKeep(lee).get('filters'), 'last');
    await fetchKeep();
    assert.equal(await openKeep(lee).get('filters'), 'last');
  });

  it('is another one for another tenant of the same user', async () => {
    await openKeep(lee).set('filters', 'north');
    const south = openKeep({ ...lee, tenant: 'south' });
    assert.isUndefined(await south.get('filters'));
    assert.equal(await openKeep(lee).get('filters'), 'north');
  });

  it('is cleared when another user comes', async () => {
    await openKeep(lee).set('filters', 'lee');
    assert.isUndefined(await openKeep(kim).get('filters'));
    assert.isUndefined(await openKeep(lee).get('filters'));
  });

  it('is nothing, and no fault, where the browser refuses to store', async () => {
    const refuse = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    // The database of the tests before is open: a refused transaction makes the store open it anew.
    const factory = replace(IDBFactory.prototype, 'open', refuse);
    const database = replace(IDBDatabase.prototype, 'transaction', refuse);
    try {
      const keep = openKeep(lee);
      await keep.set('filters', 'x');
      database.undo();
      await keep.set('filters', 'x');
      assert.isUndefined(await keep.get('filters'));
    } finally {
      factory.undo();
      database.undo();
    }
  });
});

function replace(target: object, name: string, by: () => never): { undo(): void } {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { ...before, value: by });
  return { undo: () => before && Object.defineProperty(target, name, before) };
}
