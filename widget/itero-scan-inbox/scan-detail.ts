import { html, nothing, type TemplateResult } from 'lit';
import type { Fault } from '../core/fault.ts';
import type { AssetName, FullRx, Scan } from '../../shared/scan.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import { assetName, formatBytes, learntWords, shortViewName, viewName } from './case-words.ts';
import { fullFlow } from './full-flow.ts';
import { renderMissing, type MissingView } from './missing-files.ts';
import { renderMyItero, renderPicture, renderTime, type ScanView } from './scan-row.ts';
import type { History, Row } from './scan-rows.ts';
import { orderNumber, patientName, phaseName } from './words.ts';

/** What is loaded for the open case beyond its row. */
export type Extra<T> =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly fault: Fault };

/** How the element wants a case to look. */
export interface DetailLook extends ScanView {
  readonly showDownloads: boolean;
  readonly showHistory: boolean;
  readonly toothName: (adaId: number) => string;
}

export interface DetailView extends DetailLook, Omit<MissingView, 'recheck'> {
  readonly detail: Extra<null>;
  readonly rx: Extra<FullRx>;
  /** Why files cannot be had at the moment, in words; null when they can. */
  readonly filesHeld: string | null;
  /** Why a download just failed. */
  readonly downloadFault: string | null;
  readonly download: (event: MouseEvent, orderId: string, asset: AssetName) => void;
  readonly mark: (orderId: string, read: boolean) => void;
  readonly readRx: () => void;
  readonly retry: (orderId: string) => void;
}

export function renderDetail(row: Row, view: DetailView): TemplateResult {
  const { scan, history } = row;
  return html`<div
    class="detail"
    part="detail"
    id="detail-${scan.orderId}"
    role="region"
    aria-labelledby="case-${scan.orderId}"
  >
    ${fullFlow(scan)} ${renderWarnings(scan, view)} ${renderMissing(scan, { ...view, recheck: row.recheck })}
    ${renderPictures(scan, view)}
    <div class="columns">
      <div class="column">${renderFacts(scan, view)} ${view.showDownloads ? renderFiles(scan, view) : nothing}</div>
      <div class="column">
        ${scan.rxId === null ? nothing : renderRx(view)}
        ${view.showHistory ? renderHistory(history, scan, view) : nothing}
      </div>
    </div>
  </div>`;
}

function renderWarnings(scan: Scan, view: DetailView): TemplateResult {
  const name = patientName(scan.patient, view.initialsOnly) || msg('no name');
  const chart = view.initialsOnly ? '' : scan.patient.chartNumber || msg('none');
  const as = chart === '' ? name : msg(str`${name}, chart number ${chart}`);
  return html`${
    scan.otherIdentity
      ? html`<div class="notice warning" part="identity-warning">
          <p><b>${msg('Scanned under another identity')}:</b> <bdi>${as}</bdi></p>
          <p>
            ${msg(
              'It answers a request of this chart, but was scanned under another name or chart number. Check the pictures: is it this patient? If so, correct the patient in MyiTero; patients cannot be merged there. If not, ask who was scanned before you use the files. Next time pick up the request at the scanner instead of typing the name.',
            )}
          </p>
        </div>`
      : nothing
  }
  ${
    scan.unmatched && view.clinicWide
      ? html`<div class="notice" part="unmatched-notice">
          <p>
            ${msg(
              'This scan was not requested here and its chart number is not known here. Find out whose it is, then set the chart number of that patient in MyiTero: it moves to the patient’s chart by itself.',
            )}
          </p>
        </div>`
      : nothing
  }`;
}

function renderPictures(scan: Scan, view: DetailView): TemplateResult | typeof nothing {
  if (scan.thumbnails.length === 0) return nothing;
  return html`<ul class="gallery">
    ${scan.thumbnails.map(
      (picture) =>
        html`<li>
          <button
            type="button"
            aria-label=${msg(str`Enlarge: ${viewName(picture.view)}`)}
            @click=${() => view.look(scan.orderId, picture.view)}
          >
            ${renderPicture(scan.orderId, picture, view)}
            <span>${shortViewName(picture.view)}</span>
          </button>
        </li>`,
    )}
  </ul>`;
}

function renderFacts(scan: Scan, view: DetailView): TemplateResult {
  const facts: [string, unknown][] = [
    [msg('Order'), orderNumber(scan)],
    [msg('Scanned'), renderTime(scan, view)],
    [msg('Status'), `${scan.status} · ${phaseName(scan.phase)}`],
    [msg('Doctor'), scan.doctor],
    [msg('Scanner'), scan.scanner],
  ];
  return html`<dl class="facts-list">
      ${facts.map(([label, value]) =>
        value === null
          ? nothing
          : html`<dt>${label}</dt>
              <dd>${value}</dd>`,
      )}
    </dl>
    <p class="row">
      ${renderMyItero(scan)}
      <button type="button" class="plain" @click=${() => view.mark(scan.orderId, scan.unread)}>
        ${scan.unread ? msg('Mark as read') : msg('Mark as unread')}
      </button>
    </p>`;
}

function renderFiles(scan: Scan, view: DetailView): TemplateResult {
  return html`<section class="stack files" part="files" aria-label=${msg('Files')}>
    <h4>${msg('Files')}</h4>
    ${view.filesHeld === null ? nothing : html`<p>${view.filesHeld}</p>`}
    ${view.downloadFault === null ? nothing : html`<p class="danger-text" role="alert">${view.downloadFault}</p>`}
    ${(['ide', 'captures'] as const).map((asset) => renderFile(scan, asset, view))}
  </section>`;
}

function renderFile(scan: Scan, name: AssetName, view: DetailView): TemplateResult | typeof nothing {
  const { state, link, sizeBytes } = scan.assets[name];
  switch (state) {
    case 'none':
      return nothing;
    case 'ready': {
      const size = sizeBytes === null ? nothing : html`<small>${formatBytes(sizeBytes, view.language)}</small>`;
      if (link === null || view.filesHeld !== null) return html`<p>${assetName(name)} ${size}</p>`;
      return html`<a
        class="button"
        part="download"
        href=${view.url(link)}
        download
        target="_blank"
        rel="noopener noreferrer"
        @click=${(event: MouseEvent) => view.download(event, scan.orderId, name)}
        >${msg(str`Download ${assetName(name)}`)} ${size}</a
      >`;
    }
    case 'waiting':
    case 'missing':
      // What belongs to every case is told above, with what to do.
      return name === 'ide' ? nothing : html`<p class="secondary">${msg('Screen captures are on their way.')}</p>`;
    default:
      return state satisfies never;
  }
}

function renderRx(view: DetailView): TemplateResult {
  const opened = (event: Event): void => {
    if (event.currentTarget instanceof HTMLDetailsElement && event.currentTarget.open) view.readRx();
  };
  return html`<details class="rx" part="rx" @toggle=${opened}>
    <summary>${msg('Prescription')}</summary>
    ${renderRxBody(view)}
  </details>`;
}

function renderRxBody({ rx, readRx, toothName }: DetailView): TemplateResult {
  switch (rx.kind) {
    case 'none':
    case 'loading':
      return html`<div class="skeleton" role="status">
        <span class="hidden-visually">${msg('Loading')}</span><i></i><i></i>
      </div>`;
    case 'failed':
      return html`<p class="danger-text" role="alert">${rx.fault.displayMessage}</p>
        <button type="button" @click=${readRx}>${msg('Try again')}</button>`;
    case 'ready': {
      const { rows, teeth, notes } = rx.value;
      return html`<dl class="facts-list">
          ${rows.map(
            ({ label, value }) =>
              html`<dt>${label}</dt>
                <dd>${value}</dd>`,
          )}
          ${teeth.map(
            (tooth) =>
              html`<dt>${msg(str`Tooth ${toothName(tooth.adaId)}`)}</dt>
                <dd>
                  ${[tooth.restoration, tooth.material, tooth.shade].filter((part) => part !== null).join(', ') || '–'}
                </dd>`,
          )}
        </dl>
        ${notes === null ? nothing : html`<p class="notes"><bdi>${notes}</bdi></p>`}`;
    }
    default:
      return rx satisfies never;
  }
}

function renderHistory(history: History | null, scan: Scan, view: DetailView): TemplateResult {
  return html`<section class="stack" part="history" aria-label=${msg('History')}>
    <h4>${msg('History')}</h4>
    ${
      view.detail.kind === 'failed'
        ? html`<p class="danger-text">${view.detail.fault.displayMessage}</p>
            <button type="button" @click=${() => view.retry(scan.orderId)}>${msg('Try again')}</button>`
        : nothing
    }
    ${
      history === null
        ? view.detail.kind === 'failed'
          ? nothing
          : html`<div class="skeleton"><i></i><i></i></div>`
        : html`<ol class="history">
            ${history.map(
              (entry) =>
                html`<li>
                  <p><b>${entry.status}</b> <span class="secondary">${msg(str`version ${entry.number}`)}</span></p>
                  <p class="small secondary">
                    ${formatTime(entry.seenAt, view.language, new Date(view.now))} · ${learntWords(entry.learntBy)}
                    ${entry.changed.length === 0 ? nothing : html`· ${msg('new')}: ${entry.changed.map(assetName).join(', ')}`}
                  </p>
                </li>`,
            )}
          </ol>`
    }
  </section>`;
}
