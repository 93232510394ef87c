import { assert } from 'chai';
import { render } from 'lit';
import { LazyPart } from '../../../widget/core/lazy-part.ts';
import { mount, nextTask, unmount, visibleText } from '../../support/dom/page.ts';

describe('a part that comes as a chunk of its own', () => {
  afterEach(unmount);

  function show(fetchPart: () => Promise<string>): { part: LazyPart<string>; element: HTMLElement } {
    const element = mount('<div></div>');
    const draw = (): void => void render(part.part ?? part.placeholder(), element);
    const part = new LazyPart(fetchPart, draw);
    draw();
    return { part, element };
  }

  it('is fetched once, however often it is wanted', async () => {
    let fetched = 0;
    const { part, element } = show(() => Promise.resolve(`part ${++fetched}`));
    assert.include(visibleText(element), 'Loading');
    assert.deepEqual(await Promise.all([part.fetch(), part.fetch()]), ['part 1', 'part 1']);
    assert.equal(await part.fetch(), 'part 1');
    assert.equal(visibleText(element), 'part 1');
  });

  it('says what to do when it cannot be loaded, and comes when the person tries again', async () => {
    let online = false;
    const { part, element } = show(() => (online ? Promise.resolve('the part') : Promise.reject(new TypeError())));
    assert.isUndefined(await part.fetch());
    assert.include(visibleText(element), 'could not be loaded. Check the connection, then try again.');
    online = true;
    element.querySelector('button')?.click();
    assert.include(visibleText(element), 'Loading');
    await nextTask();
    assert.equal(visibleText(element), 'the part');
  });
});
