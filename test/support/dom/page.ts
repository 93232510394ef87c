import 'axe-core';
import type axe from 'axe-core';
import { assert } from 'chai';

declare global {
  interface Window {
    axe: typeof axe;
  }
}

const violations: string[] = [];

// For every test of the page: the runner's result does not tell of an earlier turn, the configuration's reporter reads this.
afterEach(function () {
  const test = this.currentTest;
  if (test?.isPassed() && (test as unknown as { currentRetry(): number }).currentRetry() > 0)
    console.warn('passed at the second turn only:', test.titlePath().join(' > '));
});

/** From here on styles outside scripts (style=, <style>) are refused, as under a DPMS's strict CSP, and noted. */
function forbidInlineStyles(): void {
  if (document.querySelector('meta[http-equiv="Content-Security-Policy"]')) return;
  document.addEventListener('securitypolicyviolation', (event) => {
    violations.push(`${event.violatedDirective}: ${event.sample || event.blockedURI}`);
  });
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "style-src 'none'";
  document.head.append(meta);
}

/** Mounts markup in the page and gives its first element. Give it `session-url="${SESSION_URL}"`, or a provider. */
export function mount(markup: string): HTMLElement {
  forbidInlineStyles();
  const main = document.createElement('main');
  main.innerHTML = markup;
  document.body.append(main);
  return main.firstElementChild as HTMLElement;
}

/** Removes everything that was mounted. */
export function unmount(): void {
  for (const main of document.querySelectorAll('body > main')) main.remove();
  document.documentElement.style.colorScheme = '';
}

/** One turn of the task queue, in which every answer of the fake that is not held arrives. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Waits until the condition holds; fails with the sentence when it does not within 20 seconds: a starved page is slow, not wrong. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    assert.isBelow(performance.now(), end, `never happened: ${what}`);
    await nextTask();
  }
}

/** Text as a person sees it, shadow roots included, white space folded. */
export function visibleText(root: Element): string {
  const from = root.shadowRoot ?? root;
  const walk = (node: Node): string => {
    if (node instanceof HTMLSlotElement && node.assignedNodes().length > 0) {
      return node.assignedNodes().map(walk).join(' ');
    }
    if (node instanceof Text) return node.data;
    if (node instanceof HTMLElement && (node.hidden || node.localName === 'style')) return '';
    const inside = node instanceof Element && node.shadowRoot ? node.shadowRoot : node;
    return [...inside.childNodes].map(walk).join(' ');
  };
  return walk(from).replaceAll(/\s+/g, ' ').trim();
}

/** The control with this accessible text (or aria-label) inside the element. */
export function control(root: Element, name: string | RegExp): HTMLElement {
  const found = findControl(root, name);
  if (!found) throw new Error(`no control named ${String(name)} in: ${visibleText(root)}`);
  return found;
}

export function findControl(root: Element, name: string | RegExp): HTMLElement | undefined {
  const all = (root.shadowRoot ?? root).querySelectorAll<HTMLElement>(
    'button, a[href], input, select, textarea, summary',
  );
  return [...all].find((one) => {
    const labels = one instanceof HTMLInputElement ? [...(one.labels ?? [])].map((label) => label.textContent) : [];
    const text = (one.ariaLabel ?? (labels.join(' ') || one.textContent || '')).replaceAll(/\s+/g, ' ').trim();
    return typeof name === 'string' ? text === name : name.test(text);
  });
}

/** axe (WCAG 2.2 AA) in the page's light and dark scheme, and no refused style. */
export async function assertAccessible(element: Element): Promise<void> {
  for (const scheme of ['light', 'dark']) {
    document.documentElement.style.colorScheme = scheme;
    document.documentElement.style.backgroundColor = scheme === 'dark' ? '#14181d' : '#fff';
    const { violations: found } = await window.axe.run(element, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
      resultTypes: ['violations'],
    });
    const said = found.flatMap(({ id, nodes }) => nodes.map((node) => `${id} (${scheme}): ${node.html}`));
    assert.deepEqual(said, []);
  }
  assert.deepEqual(violations, [], 'styles that a strict CSP refuses');
}
