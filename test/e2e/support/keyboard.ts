import type { Page } from 'playwright-core';

/** Runs in the page: the element with the focus, through every shadow root, and whether one can see it. */
const FOCUSED = `(() => {
  const path = [];
  let element = document.activeElement;
  if (element === null || element === document.body) return { place: 'nowhere', ring: false };
  for (;;) {
    path.push(element.localName);
    const inner = element.shadowRoot?.activeElement;
    if (!inner) break;
    element = inner;
  }
  const words = element.getAttribute('aria-label') ?? element.textContent;
  // A tooth draws its own ring, along its outline.
  const marked = element.localName === 'g' ? element.querySelector('.halo') : element;
  const style = getComputedStyle(marked);
  const ring = element.localName === 'g' ? style.stroke !== 'none' : style.outlineStyle !== 'none';
  return { place: path.join(' ') + ' "' + words.trim().replaceAll(/\\s+/g, ' ') + '"', ring };
})()`;

interface Focused {
  /** Such as `itero-pair button "Connect to iTero"`, or `nowhere`. */
  readonly place: string;
  readonly ring: boolean;
}

export async function focused(page: Page): Promise<string> {
  return (await page.evaluate<Focused>(FOCUSED)).place;
}

/** Presses Tab (or Shift+Tab) until the focus is there, and it can be seen there. */
export async function tabTo(page: Page, name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
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
