import { html, nothing, type TemplateResult } from 'lit';
import type { PatientCheck } from '../../shared/scan-request.ts';
import { formatDate, formatTime, msg, str } from '../core/localize.ts';
import { shownName } from './identity.ts';
import { concernsOf, type Concern, type RequestForm } from './request-state.ts';

export interface GuardView {
  readonly form: RequestForm;
  readonly language: string;
  readonly initialsOnly: boolean;
  /** The session may correct names upstream. */
  readonly mayCorrect: boolean;
  readonly accept: (concern: Concern, accepted: boolean) => void;
  readonly askCorrection: () => void;
  readonly keepName: () => void;
  readonly correctName: () => void;
}

/**
 * Who will be sent, letter by letter, and what is known here under this chart number: no more than that
 * (rules.md "Whose scan is it").
 */
export function guardTemplate(view: GuardView): TemplateResult {
  const { form, language, initialsOnly } = view;
  const { chartNumber, dateOfBirth } = form.patient;
  return html`<section class="guard" part="guard" aria-labelledby="guard-heading">
    <h3 id="guard-heading">${msg('This patient will be sent')}</h3>
    <dl>
      <div>
        <dt>${msg('Name')}</dt>
        <dd><bdi class="exact">${shownName(form.patient, initialsOnly)}</bdi></dd>
      </div>
      <div>
        <dt>${msg('Chart number')}</dt>
        <dd><bdi class="exact">${chartNumber}</bdi></dd>
      </div>
      <div>
        <dt>${msg('Born')}</dt>
        <dd>${dateOfBirth === undefined ? msg('not sent') : formatDate(dateOfBirth, language)}</dd>
      </div>
    </dl>
    <div aria-live="polite" class="findings">${findings(view)}</div>
    ${concernsOf(form).map((concern) => concernTemplate(view, concern))}
  </section>`;
}

function findings(view: GuardView): TemplateResult {
  const { guard } = view.form;
  switch (guard.kind) {
    case 'checking':
      return html`<p class="secondary">${msg('Looking up what is known here under this chart number …')}</p>`;
    case 'unchecked':
      return html`<div class="notice warning">
        <p>${msg('It could not be looked up whether this patient is known here.')} ${guard.fault.displayMessage}</p>
      </div>`;
    case 'checked':
      return html`${verdictTemplate(view, guard.check)} ${others(guard.check)} ${openOnes(view, guard.check)}`;
    default:
      return guard satisfies never;
  }
}

function verdictTemplate(view: GuardView, { verdict, known }: PatientCheck): TemplateResult {
  const seen = known === null ? '' : formatDate(known.lastSeenAt, view.language);
  switch (verdict) {
    case 'same':
      return html`<p class="good">
        ${
          known === null
            ? msg('Known here under this chart number with the same name.')
            : msg(str`Known here under this chart number with the same name, last seen on ${seen}.`)
        }
      </p>`;
    case 'unknown':
      return html`<p>
        ${msg('No scan is known here under this chart number: Align will probably make a new patient.')}
      </p>`;
    case 'different':
      return html`<div class="notice warning">
        <p>
          ${msg('A different name is known here under this chart number:')}
          <strong><bdi class="exact">${known === null ? '–' : shownName(known, view.initialsOnly)}</bdi></strong>
          ${known === null ? nothing : msg(str`(last seen on ${seen}).`)}
          ${msg('Align will probably make a second patient, and patients cannot be merged there.')}
        </p>
        ${view.mayCorrect && known !== null ? correction(view) : nothing}
      </div>`;
    default:
      return verdict satisfies never;
  }
}

function correction(view: GuardView): TemplateResult {
  const { step, fault } = view.form.correction;
  const name = shownName(view.form.patient, view.initialsOnly);
  if (step === 'idle') {
    return html`<button type="button" id="correct" @click=${view.askCorrection}>
      ${msg('Correct the name at iTero …')}
    </button>`;
  }
  const busy = step === 'running';
  return html`<div class="stack" role="group" aria-label=${msg('Correct the name at iTero')}>
    <p>
      ${msg('The patient is renamed at iTero, for everybody there, to:')} <strong><bdi>${name}</bdi></strong>
    </p>
    ${fault === null ? nothing : html`<p class="fault" role="alert">${fault.displayMessage}</p>`}
    <div class="row">
      <button type="button" id="correct-yes" aria-disabled=${busy ? 'true' : 'false'} @click=${view.correctName}>
        ${busy ? msg('Renaming …') : msg('Rename')}
      </button>
      <button type="button" class="plain" @click=${view.keepName}>${msg('Leave as it is')}</button>
    </div>
  </div>`;
}

function others({ otherCharts }: PatientCheck): TemplateResult | typeof nothing {
  if (otherCharts.length === 0) return nothing;
  return html`<p>
    ${msg('The same name is also known here under another chart number:')}
    ${otherCharts.map((chart, index) => html`${index > 0 ? ', ' : nothing}<bdi>${chart}</bdi>`)}
  </p>`;
}

function openOnes({ language }: GuardView, { openRequests }: PatientCheck): TemplateResult | typeof nothing {
  const open = openRequests.filter(({ state }) => state !== 'unconfirmed');
  if (open.length === 0) return nothing;
  const times = open.map(({ createdAt }) => formatTime(createdAt, language)).join('; ');
  return html`<p>${msg(str`A request for this chart is open on the scanner already: ${times}.`)}</p>`;
}

function concernTemplate({ form, accept }: GuardView, concern: Concern): TemplateResult {
  const change = (event: Event) => accept(concern, event.target instanceof HTMLInputElement && event.target.checked);
  return html`<div class="concern">
    <input
      type="checkbox"
      id="accept-${concern}"
      .checked=${form.accepted.includes(concern)}
      @change=${change}
      required
    />
    <label for="accept-${concern}">${concernText(concern)}</label>
  </div>`;
}

function concernText(concern: Concern): string {
  switch (concern) {
    case 'different':
      return msg('Send with the name of this chart all the same');
    case 'unchecked':
      return msg('Send without looking this up');
    case 'arrived':
      return msg('An earlier attempt of this form has arrived. I looked at the requests: one more is needed');
    case 'unconfirmed':
      return msg('An earlier request was not confirmed. I looked at the scanner: it is not there');
    default:
      return concern satisfies never;
  }
}
