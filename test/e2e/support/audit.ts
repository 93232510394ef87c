import axe from 'axe-core';
import type { Page } from 'playwright-core';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const WIDE = 1280;
const PHONE = 360;
/** WCAG 1.4.10: nothing scrolls sideways at this width. */
const NARROWEST = 320;
const HEIGHT = 800;

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly target: unknown; readonly failureSummary?: string }[];
}

/** One run of axe over everything, or over what a colour scheme can change. */
async function runAxe(page: Page, coloursOnly: boolean): Promise<string[]> {
  const what = coloursOnly
    ? { runOnly: { type: 'rule', values: ['color-contrast'] } }
    : { runOnly: { type: 'tag', values: TAGS }, rules: { 'target-size': { enabled: true } } };
  const options = JSON.stringify({ ...what, preload: false, resultTypes: ['violations'] });
  const { violations } = await page.evaluate<{ violations: readonly Finding[] }>(`axe.run(document, ${options})`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id} at ${JSON.stringify(node.target)}: ${node.failureSummary ?? ''}`),
  );
}

async function sideways(page: Page): Promise<string[]> {
  const [content, window] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  return content > window ? [`scrolls sideways: ${content} in ${window} px`] : [];
}

/** What an accessibility auditor would write down about the page as it stands: wide and narrow, light and dark. */
export async function audit(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  const findings: string[] = [];
  await page.evaluate(axe.source);
  for (const [width, colorScheme] of [
    [WIDE, 'light'],
    [WIDE, 'dark'],
    [PHONE, 'dark'],
    [PHONE, 'light'],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: HEIGHT });
    const found = await runAxe(page, colorScheme === 'dark');
    findings.push(...found.map((one) => `${width} px, ${colorScheme}: ${one}`));
  }
  await page.setViewportSize({ width: NARROWEST, height: HEIGHT });
  findings.push(...(await sideways(page)).map((one) => `${NARROWEST} px ${one}`));
  if (before) await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  return findings;
}
