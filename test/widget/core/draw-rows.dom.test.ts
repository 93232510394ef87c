import { assert } from 'chai';
import { html } from 'lit';
import { drawRows } from '../../../widget/core/draw-rows.ts';
import { mount, unmount } from '../../support/dom/page.ts';

describe('rows of a list', () => {
  let list: HTMLElement;
  const draw = (...names: string[]): void =>
    drawRows(list, names, { key: (name) => name, draw: (name) => html`<button>${name}</button>` });
  const shown = (): string[] => [...list.querySelectorAll('button')].map((button) => button.textContent);
  const button = (name: string): HTMLButtonElement | undefined =>
    [...list.querySelectorAll('button')].find((one) => one.textContent === name);

  beforeEach(() => {
    list = mount('<ul></ul>');
    draw('b', 'c', 'd');
  });

  afterEach(unmount);

  it('stand in the order given', () => {
    assert.deepEqual(shown(), ['b', 'c', 'd']);
    draw('d', 'a', 'c');
    assert.deepEqual(shown(), ['d', 'a', 'c']);
    draw();
    assert.deepEqual(shown(), []);
  });

  for (const [what, names] of [
    ['one comes in above', ['a', 'b', 'c', 'd']],
    ['another one moves to the top', ['d', 'b', 'c']],
    ['the one above goes', ['c', 'd']],
  ] as const) {
    it(`keep the focus when ${what}`, () => {
      const held = button('c');
      held?.focus();
      draw(...names);
      assert.equal(document.activeElement, held);
      assert.equal(held?.textContent, 'c');
      assert.deepEqual(shown(), [...names]);
    });
  }
});
