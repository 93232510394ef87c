import { html, nothing, type TemplateResult } from 'lit';
import type { Fault } from '../core/fault.ts';
import { msg, str } from '../core/localize.ts';
import { faultView } from '../core/view-state.ts';
import { needsTeeth, procedureOf, type Draft } from './draft.ts';
import { choiceField, field, valueOf } from './field-template.ts';
import { guardTemplate, type GuardView } from './guard-template.ts';
import { maySend } from './request-state.ts';
import { teethTemplate } from './teeth-template.ts';
import type { ToothNotation } from '../core/tooth-notation.ts';
import { fieldFaultText, sendFaultText } from './form-words.ts';

export interface FormView extends GuardView {
  readonly sending: boolean;
  /** Why the last attempt failed. */
  readonly fault: Fault | null;
  readonly notation: ToothNotation;
  readonly edit: (change: Partial<Draft>) => void;
  readonly submit: (event: Event) => void;
  readonly close: () => void;
}

/** The whole form, in the order in which a dentist thinks: what, where, who, until when; then whom it is for. */
export function formTemplate(view: FormView): TemplateResult {
  const { form, sending } = view;
  return html`<form
    class="form"
    part="form"
    novalidate
    aria-label=${msg('New scan request')}
    aria-busy=${sending ? 'true' : 'false'}
    @submit=${view.submit}
    @keydown=${(event: KeyboardEvent) => event.key === 'Escape' && view.close()}
  >
    <div class="fields">${whatFields(view)}</div>
    ${
      needsTeeth(form.practice, form.draft)
        ? teethTemplate({ ...view, fault: fieldFaultText('teeth', form.faults.teeth) })
        : nothing
    }
    <div class="fields">${whoFields(view)}</div>
    ${notesField(view)} ${guardTemplate(view)} ${footer(view)}
  </form>`;
}

/** The practice could not be asked. */
export function blockedView(fault: Fault, again: () => void, close: () => void): TemplateResult {
  return html`${faultView(fault, again)}
    <button type="button" class="plain start" @click=${close}>${msg('Close')}</button>`;
}

function whatFields({ form: { practice, draft, faults }, edit }: FormView): TemplateResult {
  const types = procedureOf(practice, draft)?.types ?? [];
  return html`${choiceField({
    id: 'procedure',
    label: msg('Procedure'),
    value: draft.procedureId,
    choices: practice.procedures.map(({ id, name }) => ({ value: id, label: name })),
    none: msg('Choose …'),
    fault: fieldFaultText('procedure', faults.procedure),
    change: (procedureId) => edit({ procedureId }),
  })}
  ${
    types.length === 0
      ? nothing
      : choiceField({
          id: 'type',
          label: msg('Type'),
          value: draft.typeId,
          choices: types.map(({ id, name }) => ({ value: id, label: name })),
          none: msg('Choose …'),
          fault: fieldFaultText('type', faults.type),
          change: (typeId) => edit({ typeId }),
        })
  }`;
}

function whoFields({ form: { practice, draft, faults }, edit }: FormView): TemplateResult {
  return html`${choiceField({
    id: 'doctor',
    label: msg('Doctor'),
    value: draft.doctorId,
    choices: practice.doctors.map(({ id, name, selectable }) => ({
      value: id,
      label: selectable ? name : msg(str`${name} (cannot order scans at iTero)`),
      disabled: !selectable,
    })),
    none: msg('Choose …'),
    fault: fieldFaultText('doctor', faults.doctor),
    change: (doctorId) => edit({ doctorId }),
  })}
  ${choiceField({
    id: 'scanner',
    label: msg('Scanner'),
    value: draft.scanner,
    choices: practice.scanners.map(({ serialNumber, name, model, supported }) => {
      const label = model === null ? name : `${name}, ${model}`;
      return {
        value: serialNumber,
        label: supported ? label : msg(str`${label} (not supported: older than Element 1)`),
        disabled: !supported,
      };
    }),
    none: msg('Any scanner'),
    optional: true,
    fault: fieldFaultText('scanner', faults.scanner),
    change: (scanner) => edit({ scanner }),
  })}
  ${
    practice.labs.length === 0
      ? nothing
      : choiceField({
          id: 'lab',
          label: msg('Lab'),
          value: draft.labId,
          choices: practice.labs.map(({ id, name }) => ({ value: id, label: name })),
          none: msg('No lab'),
          optional: true,
          fault: fieldFaultText('lab', faults.lab),
          change: (labId) => edit({ labId }),
        })
  }
  ${dueDateField(draft, fieldFaultText('dueDate', faults.dueDate), edit)}`;
}

function dueDateField(draft: Draft, fault: string | null, edit: FormView['edit']): TemplateResult {
  return field(
    { id: 'dueDate', label: msg('Due date'), optional: true, fault },
    html`<input
      type="date"
      id="dueDate"
      .value=${draft.dueDate}
      aria-invalid=${fault === null ? 'false' : 'true'}
      aria-describedby="dueDate-fault"
      @change=${(event: Event) => edit({ dueDate: valueOf(event) })}
    />`,
  );
}

function notesField({ form: { draft, faults }, edit }: FormView): TemplateResult {
  const fault = fieldFaultText('notes', faults.notes);
  return field(
    { id: 'notes', label: msg('Notes for the lab'), optional: true, fault },
    html`<textarea
      id="notes"
      rows="2"
      maxlength="4000"
      .value=${draft.notes}
      aria-invalid=${fault === null ? 'false' : 'true'}
      aria-describedby="notes-fault"
      @input=${(event: Event) => edit({ notes: valueOf(event) })}
    ></textarea>`,
  );
}

function footer({ form, fault, sending, close }: FormView): TemplateResult {
  const held = sending || !maySend(form);
  const again = fault?.retryable === true;
  const label = again ? msg('Try again') : msg('Send to scanner');
  return html`${
      fault === null
        ? nothing
        : html`<div class="notice danger" part="error" role="alert">
            <p>${sendFaultText(fault)}</p>
            ${
              fault.requestId === undefined
                ? nothing
                : html`<p class="small secondary">${msg(str`Number for support: ${fault.requestId}`)}</p>`
            }
          </div>`
    }
    <div class="row">
      <button type="submit" id="send" part="send-button" class="primary" aria-disabled=${held ? 'true' : 'false'}>
        ${sending ? msg('Sending …') : label}
      </button>
      <button type="button" class="plain" ?disabled=${sending} @click=${close}>${msg('Close')}</button>
    </div>`;
}
