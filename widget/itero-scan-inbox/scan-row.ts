import { html, nothing, type TemplateResult } from 'lit';
import type { Scan, Thumbnail, View } from '../../shared/scan.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import { compactFlow } from './case-flow.ts';
import type { Row } from './scan-rows.ts';
import { orderName, patientName, procedureName, timeAgo } from './words.ts';

/** What rows and details are drawn with. */
export interface ScanView {
  readonly language: string;
  readonly now: number;
  readonly initialsOnly: boolean;
  readonly clinicWide: boolean;
  readonly url: (link: string) => string;
  readonly broken: ReadonlySet<string>;
  readonly toggle: (orderId: string) => void;
  readonly look: (orderId: string, view: View) => void;
  readonly pictureFailed: (orderId: string, link: string) => void;
}

/** `tabbable`: one row at a time can be reached by Tab; arrow keys go from row to row. */
export interface RowPlace {
  readonly open: boolean;
  readonly fresh: boolean;
  readonly tabbable: boolean;
}

export function renderCase({ scan }: Row, place: RowPlace, view: ScanView): TemplateResult {
  const tab = place.tabbable ? 0 : -1;
  const { orderId } = scan;
  const who = view.clinicWide || scan.otherIdentity ? identity(scan, view.initialsOnly) : nothing;
  return html`<div class="case" part="case">
    ${renderStrip(scan, view, tab)}
    <div class="what">
      <h3>
        <button
          type="button"
          class="title"
          data-focus
          id="case-${orderId}"
          tabindex=${tab}
          aria-expanded=${place.open}
          aria-controls=${place.open ? `detail-${orderId}` : nothing}
          @click=${() => view.toggle(orderId)}
        >
          ${scan.unread ? html`<i class="unread" role="img" aria-label=${msg('Unread')}></i>` : nothing}
          <span>${view.clinicWide ? html`${who}<small>${procedureName(scan)}</small>` : procedureName(scan)}</span>
        </button>
      </h3>
      <p class="facts">
        ${scan.doctor === null ? nothing : html`<span>${scan.doctor}</span>`} ${renderTime(scan, view)}
        <span>${orderName(scan)}</span>
      </p>
      ${renderMarks(scan, place.fresh, view.clinicWide ? nothing : who)}
    </div>
    ${compactFlow(scan)} ${renderMyItero(scan, tab)}
  </div>`;
}

function identity({ patient }: Scan, initialsOnly: boolean): TemplateResult {
  const chart =
    initialsOnly || patient.chartNumber === '' ? nothing : html`<span class="chart">${patient.chartNumber}</span>`;
  return html`<bdi>${patientName(patient, initialsOnly) || msg('No name')}</bdi> ${chart}`;
}

export function renderTime(scan: Scan, { language, now }: ScanView): TemplateResult {
  const at = scan.scannedAt ?? scan.modifiedAt;
  const exact = formatTime(at, language, new Date(now));
  return html`<time datetime=${at}>${timeAgo(at, language, now)}, ${exact}</time>`;
}

function renderStrip(scan: Scan, view: ScanView, tab: number): TemplateResult {
  if (scan.thumbnails.length === 0) {
    const coming = scan.assets.gallery.state === 'missing' ? msg('No pictures') : msg('Pictures on their way');
    return html`<div class="strip none"><span>${coming}</span></div>`;
  }
  const count = scan.thumbnails.length;
  return html`<button
    type="button"
    class="strip"
    part="thumbnails"
    tabindex=${tab}
    aria-label=${msg(str`Look at ${count} pictures, ${orderName(scan)}`)}
    @click=${(event: MouseEvent) => view.look(scan.orderId, clickedView(event) ?? scan.thumbnails[0]?.view ?? 'composite')}
  >
    ${scan.thumbnails.map((picture) => renderPicture(scan.orderId, picture, view))}
  </button>`;
}

/** One small picture; grey where its link failed and is not renewed for the moment. */
export function renderPicture(
  orderId: string,
  picture: Thumbnail,
  { broken, url, pictureFailed }: ScanView,
): TemplateResult {
  if (broken.has(picture.small)) return html`<span class="thumb"></span>`;
  return html`<img
    class="thumb"
    part="thumbnail"
    alt=""
    loading="lazy"
    decoding="async"
    width="320"
    height="180"
    draggable="false"
    data-view=${picture.view}
    src=${url(picture.small)}
    @error=${() => pictureFailed(orderId, picture.small)}
  />`;
}

function clickedView(event: MouseEvent): View | undefined {
  return event.target instanceof HTMLElement ? (event.target.dataset['view'] as View | undefined) : undefined;
}

function renderMarks(scan: Scan, fresh: boolean, who: unknown): TemplateResult | typeof nothing {
  const { ide, gallery, captures } = scan.assets;
  const marks = [
    fresh && scan.versionNumber === 1 ? html`<span class="mark new">${msg('New')}</span>` : nothing,
    scan.versionNumber > 1
      ? html`<span class="mark ${scan.unread ? 'new' : ''}"
          >${
            scan.unread ? msg(str`New files, version ${scan.versionNumber}`) : msg(str`Version ${scan.versionNumber}`)
          }</span
        >`
      : nothing,
    scan.otherIdentity
      ? html`<span class="mark warning"
          >${msg('Scanned under another identity')}${who === nothing ? nothing : html`: ${who}`}</span
        >`
      : nothing,
    scan.unmatched ? html`<span class="mark warning">${msg('Unmatched')}</span>` : nothing,
    ide.state === 'ready' ? html`<span class="mark good">${msg('iDE ready')}</span>` : nothing,
    ide.state === 'waiting'
      ? html`<span class="mark warning">${msg('iDE may come within two minutes')}</span>`
      : nothing,
    ide.state === 'missing' ? html`<span class="mark danger">${msg('iDE missing')}</span>` : nothing,
    gallery.state === 'waiting' && scan.thumbnails.length > 0
      ? html`<span class="mark">${msg('New pictures on their way')}</span>`
      : nothing,
    captures.state === 'ready' ? html`<span class="mark">${msg('Screen captures')}</span>` : nothing,
    captures.state === 'waiting' || captures.state === 'missing'
      ? html`<span class="mark">${msg('Screen captures on their way')}</span>`
      : nothing,
  ];
  return marks.every((mark) => mark === nothing) ? nothing : html`<p class="marks">${marks}</p>`;
}

export function renderMyItero(scan: Scan, tab = 0): TemplateResult | typeof nothing {
  if (scan.myIteroUrl === null) return nothing;
  return html`<a
    class="my-itero"
    part="my-itero"
    tabindex=${tab}
    href=${scan.myIteroUrl}
    target="_blank"
    rel="noopener noreferrer"
    >${msg('MyiTero')}<span class="hidden-visually">, ${orderName(scan)}, ${msg('opens in a new tab')}</span></a
  >`;
}
