import { html, nothing, type TemplateResult } from 'lit';
import type { AssetName, Scan } from '../../shared/scan.ts';
import { formatNumber, formatTime, msg, str } from '../core/localize.ts';
import { assetName } from './case-words.ts';
import { renderMyItero } from './scan-row.ts';
import type { Recheck } from './scan-rows.ts';
import { orderName } from './words.ts';

/** How far the support details got. */
export type Handed = 'no' | 'copied' | 'saved' | 'by_hand';

export interface MissingView {
  readonly language: string;
  readonly now: number;
  /** Known once the case was read by itself. */
  readonly recheck: Recheck;
  readonly handed: Handed;
  readonly supportText: () => string;
  readonly copySupport: () => void;
  readonly saveSupport: () => void;
}

const EXPECTED = ['ide', 'gallery'] as const satisfies readonly AssetName[];

/** Files that belong to every case and are not there: what happens by itself, and what a person does, in order. */
export function renderMissing(scan: Scan, view: MissingView): TemplateResult | typeof nothing {
  const absent = EXPECTED.filter((name) => isAbsent(scan, name));
  if (absent.length === 0) return nothing;
  const late = absent.some((name) => scan.assets[name].state === 'missing');
  const given = view.recheck !== null && view.recheck.nextAt === null;
  return html`<section
    class="notice ${late ? 'warning' : ''} missing"
    part="missing"
    aria-label=${msg('Files that are missing')}
  >
    <h4>${titleOf(absent, late)}</h4>
    <p>${lookWords(scan, absent, view)}</p>
    <ol class="steps-to-do">
      ${
        given
          ? nothing
          : html`<li aria-current=${late ? nothing : 'step'}>
              ${msg('Wait: they may come within two minutes and then show here by themselves.')}
            </li>`
      }
      <li aria-current=${late ? 'step' : nothing}>
        ${msg('Open the case in MyiTero and take them there.')} ${renderMyItero(scan)}
      </li>
      <li>${msg(str`Not there either? Contact Align support: ${orderName(scan)}.`)} ${renderSupport(view)}</li>
    </ol>
  </section>`;
}

function isAbsent({ assets }: Scan, name: AssetName): boolean {
  return assets[name].state === 'waiting' || assets[name].state === 'missing';
}

function titleOf(absent: readonly AssetName[], late: boolean): string {
  if (absent.length > 1)
    return late
      ? msg('The iDE files and the pictures are missing.')
      : msg('The iDE files and the pictures are not here yet.');
  const name = assetName(absent[0] ?? 'ide');
  return late ? msg(str`The ${name} are missing.`) : msg(str`The ${name} are not here yet.`);
}

function lookWords(scan: Scan, absent: readonly AssetName[], { recheck, language, now }: MissingView): string {
  const at = (iso: string): string => formatTime(iso, language, new Date(now));
  if (recheck === null) {
    const next = absent.map((name) => scan.assets[name].nextCheckAt).find((time) => time !== null) ?? null;
    return next === null ? '' : msg(str`iTero is asked for them again at ${at(next)}.`);
  }
  const { since, looks, nextAt } = recheck;
  const sofar =
    looks === 0
      ? msg(str`Missing since ${at(since)}.`)
      : looks === 1
        ? msg(str`Missing since ${at(since)}, looked for once.`)
        : msg(str`Missing since ${at(since)}, looked for ${formatNumber(looks, language)} times.`);
  const next =
    nextAt === null
      ? msg('iTero is not asked for them any more by itself: take them by hand.')
      : msg(str`iTero is asked for them again at ${at(nextAt)}.`);
  return `${sofar} ${next}`;
}

function renderSupport(view: MissingView): TemplateResult {
  return html`<div class="support" part="support">
    <div class="row">
      <button type="button" @click=${view.copySupport}>${msg('Copy support details')}</button>
      <button type="button" class="plain" @click=${view.saveSupport}>${msg('Save as text')}</button>
      <span role="status">${handedWords(view.handed)}</span>
    </div>
    <details ?open=${view.handed === 'by_hand'}>
      <summary>${msg('What is in it (nothing about the patient)')}</summary>
      <pre tabindex="0" role="group" aria-label=${msg('Support details')}>${view.supportText()}</pre>
    </details>
  </div>`;
}

function handedWords(handed: Handed): string {
  const words: Record<Handed, string> = {
    no: '',
    copied: msg('Copied.'),
    saved: msg('Saved.'),
    by_hand: msg('The browser did not let it be copied: mark the text below and copy it.'),
  };
  return words[handed];
}
