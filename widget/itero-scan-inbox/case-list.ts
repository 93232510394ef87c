import { html, nothing, type TemplateResult } from 'lit';
import { drawRows } from '../core/draw-rows.ts';
import { msg, str } from '../core/localize.ts';
import { compactFlow } from './case-flow.ts';
import type { InboxState } from './inbox-state.ts';
import type { Outline } from './last-list.ts';
import { renderCase, type ScanView } from './scan-row.ts';
import type { Row } from './scan-rows.ts';
import { orderName } from './words.ts';

export interface ListView {
  readonly state: InboxState;
  /** Rows to render, ascending; the list holds many more. */
  readonly indexes: readonly number[];
  /** The row that Tab reaches. */
  readonly current: string | null;
  /** Scans that came in above what is in view. */
  readonly above: number;
  readonly view: ScanView;
  readonly renderDetail: (row: Row) => TemplateResult;
  readonly toTop: () => void;
  readonly loadMore: () => void;
  readonly keyDown: (event: KeyboardEvent) => void;
}

export function renderList(list: ListView): TemplateResult {
  return html`<div class="list-frame">
    ${
      list.above > 0
        ? html`<button type="button" class="pill primary" @click=${list.toTop}>
            ${list.above === 1 ? msg('1 new scan above') : msg(str`${list.above} new scans above`)} ↑
          </button>`
        : nothing
    }
    <div class="list" part="list">
      <ul aria-label=${msg('Scans, newest first')} @keydown=${list.keyDown}></ul>
      ${renderEnd(list)}
    </div>
  </div>`;
}

/** Fills the list that `renderList` left empty. */
export function drawCases(list: Element, { state, indexes, current, view, renderDetail }: ListView): void {
  const { rows, cursor } = state;
  const items = indexes.flatMap((index) => (rows[index] ? [{ index, row: rows[index] }] : []));
  drawRows(list, items, {
    key: ({ row }) => row.scan.orderId,
    draw: ({ index, row }, item) => {
      const { orderId } = row.scan;
      const place = {
        open: state.open === orderId,
        fresh: state.fresh.has(orderId),
        tabbable: current === orderId,
      };
      item.classList.toggle('open', place.open);
      item.classList.toggle('fresh', place.fresh);
      // While older ones are not loaded, how many there are in all is not known: -1.
      item.ariaSetSize = String(cursor === null ? rows.length : -1);
      item.ariaPosInSet = String(index + 1);
      return html`${renderCase(row, place, view)} ${place.open ? renderDetail(row) : nothing}`;
    },
  });
}

function renderEnd({ state, loadMore }: ListView): TemplateResult | typeof nothing {
  if (state.paging.kind === 'failed') {
    return html`<div class="more" role="alert">
      <p>${state.paging.fault.displayMessage}</p>
      <button type="button" @click=${loadMore}>${msg('Try again')}</button>
    </div>`;
  }
  return state.cursor === null ? nothing : html`<p class="more secondary">${msg('Loading older scans')} …</p>`;
}

/** The last list without names, dimmed, until the first answer. */
export function renderOutlines(outlines: readonly Outline[]): TemplateResult {
  return html`<div class="list dim" role="status">
    <span class="hidden-visually">${msg('Loading')}</span>
    <ul aria-hidden="true">
      ${outlines.map(
        (outline) =>
          html`<li>
            <b>${outline.procedure ?? orderName(outline)}</b>
            <p class="facts"><span>${orderName(outline)}</span>${compactFlow(outline)}</p>
          </li>`,
      )}
    </ul>
  </div>`;
}
