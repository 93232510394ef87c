import { clientFault, NO_CHART_NUMBER } from './fault.ts';
import type { FetchSession, SessionSource } from './session-source.ts';

export const PROVIDER_TAG = 'itero-provider';
/** Fired on a provider whose attributes changed, for the elements inside it. */
export const PROVIDER_CHANGE = 'itero-provider-change';

/** The origin this module was loaded from: the BFF serves it. */
const MODULE_ORIGIN = new URL(import.meta.url).origin;

/** The parent as the page is drawn: through slots and shadow roots. */
function parentOf(node: Element): Element | null {
  if (node.assignedSlot) return node.assignedSlot;
  const parent = node.parentNode;
  if (parent instanceof ShadowRoot) return parent.host;
  return parent instanceof Element ? parent : null;
}

/** The element and the providers around it, nearest first. They need not be upgraded yet. */
export function holdersOf(element: Element): Element[] {
  const holders = [element];
  for (let up = parentOf(element); up; up = parentOf(up)) {
    if (up.localName === PROVIDER_TAG) holders.push(up);
  }
  return holders;
}

/** What a page set: the property, or the attribute of an element that is not upgraded yet. */
function ownSetting(holder: Element, attribute: string): unknown {
  const property = attribute.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return (holder as unknown as Record<string, unknown>)[property] ?? holder.getAttribute(attribute);
}

/** The nearest value of a common attribute; `''` counts as set. */
export function settingOf(holders: readonly Element[], attribute: string): string | null {
  for (const holder of holders) {
    const value = ownSetting(holder, attribute);
    if (typeof value === 'string') return value;
  }
  return null;
}

/** A boolean common attribute: present anywhere around, and not `="false"`. */
export function flagOf(holders: readonly Element[], attribute: string): boolean {
  for (const holder of holders) {
    const value = holder.getAttribute(attribute);
    if (value !== null) return value !== 'false';
    if (ownSetting(holder, attribute) === true) return true;
  }
  return false;
}

export function apiBaseOf(holders: readonly Element[]): string {
  const given = settingOf(holders, 'api-base');
  return given ? new URL(given, document.baseURI).href : MODULE_ORIGIN;
}

/** Precedence: fetchSession > session-url > session > provider (the same order) > meta. Source: product.md "Elements". */
export function sourceOf(holders: readonly Element[]): SessionSource {
  for (const holder of holders) {
    const { fetchSession } = holder as { fetchSession?: unknown };
    if (typeof fetchSession === 'function') return { kind: 'function', fetchSession: fetchSession as FetchSession };
    const url = settingOf([holder], 'session-url');
    if (url) return toUrlSource(url);
    const token = settingOf([holder], 'session');
    if (token) return { kind: 'token', token };
  }
  const meta = document.querySelector('meta[name="itero-session-url"]')?.getAttribute('content');
  return meta ? toUrlSource(meta) : { kind: 'none', fault: clientFault('not_configured') };
}

function toUrlSource(url: string): SessionSource {
  return { kind: 'url', url: new URL(url, document.baseURI).href };
}

/** `chart-number=""` is a chart without a number, never the whole clinic. */
export const MISSING_CHART: SessionSource = { kind: 'none', fault: NO_CHART_NUMBER };

/** The language in force where the element stands; the browser's when the page names none. */
export function languageOf(element: Element): string {
  for (let up: Element | null = element; up; up = parentOf(up)) {
    const lang = up.getAttribute('lang');
    if (lang) return lang;
  }
  return navigator.language;
}
