import { html, nothing, type TemplateResult } from 'lit';
import type { PatientIdentity, ScanRequest } from '../../shared/scan-request.ts';
import { drawRows } from '../core/draw-rows.ts';
import { formatDate, formatTime, msg, str } from '../core/localize.ts';
import { shownName } from './identity.ts';
import type { Cancelling, ListState } from './list-state.ts';
import { stateText } from './list-words.ts';
import { splitRequests } from './split-requests.ts';
import { toList, type ToothNotation } from '../core/tooth-notation.ts';
import { checkScannerText } from './words.ts';

export { listStyles } from './list.styles.ts';

export interface ListView {
  readonly list: ListState & { readonly kind: 'ready' };
  readonly language: string;
  readonly notation: ToothNotation;
  readonly initialsOnly: boolean;
  /** The session may cancel. */
  readonly mayWrite: boolean;
  /** The patient of the page, to tell when a request was sent under another name. */
  readonly patient: Pick<PatientIdentity, 'firstName' | 'lastName'> | null;
  readonly now: number;
  readonly askCancel: (id: string) => void;
  readonly keep: () => void;
  readonly cancel: () => void;
}

/** The chart's requests: those that matter now in view, older ones behind a fold. */
export function listTemplate(view: ListView): TemplateResult {
  const [current, earlier] = splitRequests(view.list.items, view.now);
  return html`${current.length === 0 ? nothing : html`<ul class="requests" part="requests" id="current"></ul>`}
  ${
    earlier.length === 0
      ? nothing
      : html`<details part="earlier">
          <summary>${msg(str`Earlier requests (${earlier.length})`)}</summary>
          <ul class="requests" part="requests" id="earlier"></ul>
        </details>`
  }`;
}

/** Fills the lists that `listTemplate` left empty. */
export function drawRequests(root: ParentNode, view: ListView): void {
  const [current, earlier] = splitRequests(view.list.items, view.now);
  for (const [id, items] of Object.entries({ current, earlier })) {
    const list = root.querySelector(`#${id}`);
    if (list) drawRows(list, items, { key: (item) => item.id, draw: (item, row) => drawRequest(view, item, row) });
  }
}

function drawRequest(view: ListView, request: ScanRequest, row: HTMLLIElement): TemplateResult {
  const { cancelling } = view.list;
  const name = [request.procedure, request.procedureType].filter((part) => part !== null).join(' · ');
  const time = formatTime(request.createdAt, view.language);
  row.className = 'request';
  row.setAttribute('part', 'request');
  return html`<div class="row">
      <strong class="grow">${name}</strong>
      <span class="tag state-${request.state}">${stateText(request.state)}</span>
    </div>
    <p class="small secondary">${facts(view, request)}</p>
    <p class="small secondary">${origin(request, time)}</p>
    ${advice(request)}
    ${cancelling?.id === request.id ? cancelSteps(view, cancelling) : cancelButton(view, request, time)}`;
}

function facts({ notation, language, patient, initialsOnly }: ListView, request: ScanRequest): string {
  const { teeth, doctor, dueDate } = request;
  const sentAs = patient?.firstName === request.patient.firstName && patient.lastName === request.patient.lastName;
  const as = shownName(request.patient, initialsOnly);
  return [
    ...(teeth.length === 0 ? [] : [teethWords(toList(teeth, notation), teeth.length)]),
    ...(doctor === null ? [] : [doctor]),
    ...(dueDate === null ? [] : [msg(str`due ${formatDate(dueDate, language)}`)]),
    ...(sentAs || patient === null ? [] : [msg(str`sent as ${as}`)]),
  ].join(' · ');
}

function origin({ createdBy, sentThrough }: ScanRequest, time: string): string {
  return sentThrough === null
    ? msg(str`${time}, by ${createdBy}`)
    : msg(str`${time}, by ${createdBy} through the iTero login of ${sentThrough}`);
}

function teethWords(list: string, count: number): string {
  return count === 1 ? msg(str`Tooth ${list}`) : msg(str`Teeth ${list}`);
}

/** What a state asks of the person. */
function advice({ state, orderId, possibleOrderId }: ScanRequest): TemplateResult | typeof nothing {
  if (state === 'scanned' && orderId !== null)
    return html`<p class="small">${msg(str`Scan ${orderId} has arrived.`)}</p>`;
  if (state !== 'unconfirmed') return nothing;
  return html`<div class="notice warning">
    <p>${checkScannerText()}</p>
    ${
      possibleOrderId === null
        ? nothing
        : html`<p>${msg(str`Scan ${possibleOrderId} of the same patient has arrived and may belong to it.`)}</p>`
    }
  </div>`;
}

function cancelButton({ mayWrite, askCancel }: ListView, { id, state, procedure }: ScanRequest, time: string) {
  if (!mayWrite || state !== 'sent') return nothing;
  return html`<button
    type="button"
    class="plain start"
    aria-label=${msg(str`Cancel request: ${procedure}, ${time}`)}
    @click=${() => askCancel(id)}
  >
    ${msg('Cancel request')}
  </button>`;
}

function cancelSteps({ keep, cancel }: ListView, { step, fault }: Cancelling): TemplateResult {
  if (step === 'refused') {
    return html`<div class="notice danger" role="alert">
      <p>${fault?.displayMessage}</p>
      <button type="button" id="cancel-seen" @click=${keep}>${msg('OK')}</button>
    </div>`;
  }
  const busy = step === 'running';
  return html`<div class="notice warning" role="group" aria-labelledby="cancel-question">
    <p id="cancel-question">${msg('Take this request off the scanner? It cannot be brought back.')}</p>
    <div class="row">
      <button type="button" id="cancel-yes" class="danger" aria-disabled=${busy ? 'true' : 'false'} @click=${cancel}>
        ${busy ? msg('Cancelling …') : msg('Cancel request')}
      </button>
      <button type="button" class="plain" ?disabled=${busy} @click=${keep}>${msg('Keep it')}</button>
    </div>
  </div>`;
}
