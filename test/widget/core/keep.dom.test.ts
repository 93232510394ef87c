import { assert } from 'chai';
import { openKeep } from '../../../widget/core/keep.ts';

const lee = { vendor: 'acme', tenant: 'north', sub: 'dr-lee' };
const kim = { vendor: 'acme', tenant: 'north', sub: 'assistant-kim' };

describe('what is kept in the browser', () => {
  it('is there again for the same vendor, tenant and user', async () => {
    await openKeep(lee).set('filters', { status: 'unread' });
    assert.deepEqual(await openKeep(lee).get('filters'), { status: 'unread' });
    await openKeep(lee).delete('filters');
    assert.isUndefined(await openKeep(lee).get('filters'));
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
    const real = IDBFactory.prototype.open;
    IDBFactory.prototype.open = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    try {
      // The database of the tests before is open: a refused transaction makes the store open it anew.
      const transaction = IDBDatabase.prototype.transaction;
      IDBDatabase.prototype.transaction = () => {
        throw new DOMException('closing', 'InvalidStateError');
      };
      const keep = openKeep(lee);
      await keep.set('filters', 'x');
      IDBDatabase.prototype.transaction = transaction;
      await keep.set('filters', 'x');
      assert.isUndefined(await keep.get('filters'));
    } finally {
      IDBFactory.prototype.open = real;
    }
  });
});
