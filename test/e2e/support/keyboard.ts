import type { Page } from 'playwright-core';

/** Runs in the page: a place by the elements on the way to it and its words. */
const NAMED = `const named = (path, element) => {
  const words = element.getAttribute('aria-label') ?? element.textContent;
  return path.join(' ') + ' "' + words.trim().replaceAll(/\\s+/g, ' ') + '"';
};`;

/** Runs in the page: the element with the focus, through every shadow root, and whether one can see it. */
const FOCUSED = `(() => {
  ${NAMED}
  const path = [];
  let element = document.activeElement;
  if (element === null || element === document.body) return { place: 'nowhere', ring: false };
  for (;;) {
    path.push(element.localName);
    const inner = element.shadowRoot?.activeElement;
    if (!inner) break;
    element = inner;
  }
  // A tooth draws its own ring, along its outline.
  const marked = element.localName === 'g' ? element.querySelector('.halo') : element;
  const style = getComputedStyle(marked);
  const ring = element.localName === 'g' ? style.stroke !== 'none' : style.outlineStyle !== 'none';
  return { place: named(path, element), ring };
})()`;

/** Runs in the page: every place that a keyboard may come to. */
const PLACES = `(() => {
  ${NAMED}
  const places = [];
  const walk = (root, path) => {
    for (const element of root.querySelectorAll('*')) {
      const inner = [...path, element.localName];
      if (element.tabIndex >= 0) places.push(named(inner, element));
      if (element.shadowRoot) walk(element.shadowRoot, inner);
    }
  };
  walk(document, []);
  return places;
})()`;
const PATIENCE_MS = 20_000;

interface Focused {
  /** Such as `itero-pair button "Connect to iTero"`, or `nowhere`. */
  readonly place: string;
  readonly ring: boolean;
}

export async function focused(page: Page): Promise<string> {
  return (await page.evaluate<Focused>(FOCUSED)).place;
}

/** Waits until it is there, then presses Tab (or Shift+Tab) until the focus is there, and it can be seen there. */
export async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  // It may still be loading: pressing Tab meanwhile would lead round and round, and out of the page.
  const end = performance.now() + PATIENCE_MS;
  const isThere = async (): Promise<boolean> =>
    (await page.evaluate<string[]>(PLACES)).some((place) => name.test(place));
  while (!(await isThere()) && performance.now() < end) await page.waitForTimeout(50);
  for (let presses = 0; presses < 80; presses += 1) {
    const { place, ring } = await page.evaluate<Focused>(FOCUSED);
    if (name.test(place)) {
      if (!ring) throw new Error(`The focus cannot be seen at ${place}`);
      return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`${name.source} is not reached by ${key}; the focus is at ${await focused(page)}`);
}

export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}
