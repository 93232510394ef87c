import { html, nothing, type TemplateResult } from 'lit';
import type { Scan } from '../../shared/scan.ts';
import type { Finding } from '../../shared/finding.ts';
import type { WhereAnswer } from '../../shared/where.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import { adviceWords, evidenceLabel, evidenceValue, findingWords, type AdviceView } from './where-words.ts';
import type { WhereState } from './where-search.ts';
import { orderName, patientName, procedureName } from './words.ts';

/** Bound to a patient: the scan meant is this patient's, the box is for its order number or RX id. */
export interface WhereView extends AdviceView {
  readonly state: WhereState;
  readonly initialsOnly: boolean;
  /** The case cannot be shown any more. */
  readonly gone: boolean;
  /** The page with the connection; null where the page named none. */
  readonly settings: string | null;
  /** The connection is on this page. */
  readonly pairHere: boolean;
  /** So is the form for requests. */
  readonly requestHere: boolean;
  readonly search: (event: Event) => void;
  readonly again: () => void;
  readonly toBox: () => void;
  readonly toPair: () => void;
  readonly toRequest: () => void;
  readonly show: (scan: Scan) => void;
  readonly close: () => void;
}

export function whereView(view: WhereView): TemplateResult {
  return html`<header>
      <h2 id="where-title" tabindex="-1">${msg('Where did my scan go?')}</h2>
      <button type="button" @click=${view.close}>${msg('Close')}</button>
    </header>
    <div class="where-body">
      ${view.bound ? nothing : boxView(view)}
      <p class="hidden-visually" role="status">${statusWords(view)}</p>
      ${resultView(view)}
      ${
        view.bound
          ? html`<details class="other-words" part="where-more">
              <summary>${msg('Look by order number or RX id')}</summary>
              ${boxView(view)}
            </details>`
          : nothing
      }
    </div>`;
}

/** Of type text: in a search field the first Escape would only empty it. */
function boxView({ search, bound }: WhereView): TemplateResult {
  return html`<form part="where-form" autocomplete="off" @submit=${search}>
    <label for="where-text"
      >${bound ? msg('Order number or RX id of this patient’s scan') : msg('Name, chart number, order number or RX id')}</label
    >
    <div class="where-box">
      <input
        id="where-text"
        type="text"
        enterkeyhint="search"
        maxlength="200"
        required
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
      />
      <button type="submit" class="primary">${msg('Search')}</button>
    </div>
  </form>`;
}

/** For screen readers, once something is known. */
function statusWords({ state }: WhereView): string {
  if (state.kind === 'asking') return msg('Looking here and at iTero');
  if (state.kind !== 'answered') return '';
  const [first] = state.answer.findings;
  const count = state.answer.findings.length;
  const words = first ? findingWords(first) : '';
  return count === 1 ? words : msg(str`${count} things found. First: ${words}`);
}

function resultView(view: WhereView): unknown {
  const { state } = view;
  switch (state.kind) {
    case 'idle':
      return html`<p class="secondary">
        ${msg('Looks through the scans and requests here and asks iTero, then says what to do.')}
      </p>`;
    case 'asking':
      return state.before
        ? answerView(state.before, view, true)
        : html`<div class="skeleton"><i></i><i></i><i></i></div>`;
    case 'failed':
      return html`<div class="notice danger" role="alert">
        <p>${state.fault.displayMessage}</p>
        <button type="button" @click=${view.again}>${msg('Try again')}</button>
        ${
          state.fault.requestId === undefined
            ? nothing
            : html`<p class="small secondary">${msg(str`Number for support: ${state.fault.requestId}`)}</p>`
        }
      </div>`;
    case 'answered':
      return answerView(state.answer, view, false);
    default:
      return state satisfies never;
  }
}

function answerView({ findings, askedAt }: WhereAnswer, view: WhereView, busy: boolean): TemplateResult {
  return html`<ol class="findings ${busy ? 'busy' : ''}" part="findings" aria-busy=${String(busy)}>
      ${findings.map((finding) => findingView(finding, view))}
    </ol>
    ${
      view.gone
        ? html`<p class="notice warning" role="alert">
            ${msg('This case can no longer be shown here. Look again, or open it in MyiTero.')}
          </p>`
        : nothing
    }
    <p class="small secondary">${msg(str`Asked ${formatTime(askedAt, view.language, view.now)}.`)}</p>`;
}

function findingView(finding: Finding, view: WhereView): TemplateResult {
  const advice = adviceWords(finding, view);
  return html`<li class="finding ${finding.rule}" part="finding">
    <h3>${findingWords(finding)}</h3>
    ${
      finding.similar && finding.scan === null
        ? html`<p>${msg('Only the name looks like what you typed: it may be another patient’s.')}</p>`
        : nothing
    }
    ${finding.scan === null ? nothing : caseLine(finding.scan, view)}
    ${
      finding.evidence.length === 0
        ? nothing
        : html`<dl class="evidence">${finding.evidence.map((one) => evidenceView(one, view))}</dl>`
    }
    ${advice === '' ? nothing : html`<p>${advice}</p>`}
    <p class="row">${actionView(finding, view)}</p>
  </li>`;
}

function caseLine(scan: Scan, { bound, initialsOnly, language, now }: WhereView): TemplateResult {
  const who = bound ? nothing : html`<bdi>${patientName(scan.patient, initialsOnly) || msg('No name')}</bdi> · `;
  const when = formatTime(scan.scannedAt ?? scan.modifiedAt, language, now);
  return html`<p>${who}${procedureName(scan)} · ${when} · ${orderName(scan)}</p>`;
}

function evidenceView(one: Finding['evidence'][number], view: WhereView): TemplateResult {
  const value = evidenceValue(one, view.initialsOnly);
  const time =
    one.at === null ? nothing : html`<time datetime=${one.at}>${formatTime(one.at, view.language, view.now)}</time>`;
  const between = value !== '' && one.at !== null ? ', ' : nothing;
  const nothingKnown = value === '' && one.at === null ? msg('none yet') : nothing;
  return html`<div>
    <dt>${evidenceLabel(one.kind)}</dt>
    <dd>${value === '' ? nothing : html`<bdi>${value}</bdi>`}${between}${time}${nothingKnown}</dd>
  </div>`;
}

/** The one thing to do next. */
function actionView({ action, scan, myIteroUrl }: Finding, view: WhereView): TemplateResult {
  switch (action) {
    case 'open_scan':
      return scan === null ? myIteroOr(myIteroUrl, view) : openView(scan, view);
    case 'check_patient':
    case 'open_my_itero':
      return myIteroUrl === null && scan !== null ? openView(scan, view) : myIteroOr(myIteroUrl, view);
    case 'use_newer_scanner':
      return myIteroOr(myIteroUrl, view);
    case 'wait':
      return scan === null ? againView(view) : openView(scan, view);
    case 'open_on_scanner':
      return againView(view);
    case 'connect':
    case 'repair_notifications':
    case 'choose_other_clinic':
      return settingsOr(view);
    case 'look_at_scanner':
      return againView(view);
    case 'send_again':
      return view.requestHere
        ? html`<button type="button" class="primary" @click=${view.toRequest}>${msg('Go to the scan request')}</button>`
        : searchElseView(view);
    case 'search_again':
      return searchElseView(view);
    default:
      return action satisfies never;
  }
}

function searchElseView({ toBox }: WhereView): TemplateResult {
  return html`<button type="button" @click=${toBox}>${msg('Search for something else')}</button>`;
}

function openView(scan: Scan, { show }: WhereView): TemplateResult {
  return html`<button type="button" class="primary" @click=${() => show(scan)}>${msg('Open the case')}</button>`;
}

function againView({ again }: WhereView): TemplateResult {
  return html`<button type="button" @click=${again}>${msg('Look again')}</button>`;
}

function myIteroOr(url: string | null, view: WhereView): TemplateResult {
  if (url === null) return againView(view);
  return html`<a class="button primary" href=${url} target="_blank" rel="noopener noreferrer"
    >${msg('Open in MyiTero')}<span class="hidden-visually">, ${msg('opens in a new tab')}</span> ↗</a
  >`;
}

function settingsOr(view: WhereView): TemplateResult {
  if (view.pairHere)
    return html`<button type="button" class="primary" @click=${view.toPair}>
      ${msg('Go to the iTero connection')}
    </button>`;
  if (view.settings !== null)
    return html`<a class="button primary" href=${view.settings}>${msg('Open the settings')}</a>`;
  return againView(view);
}
