import { html, nothing, type TemplateResult } from 'lit';
import { msg } from '../core/localize.ts';

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
}

export interface ChoiceField {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly choices: readonly Choice[];
  /** What stands for "nothing chosen". */
  readonly none: string;
  readonly optional?: boolean;
  readonly fault?: string | null;
  readonly change: (value: string) => void;
}

/** A field's label, its control, and what is wrong with it, tied together for screen readers. */
export function field(
  { id, label, optional = false, fault = null }: Pick<ChoiceField, 'id' | 'label' | 'optional' | 'fault'>,
  control: TemplateResult,
): TemplateResult {
  return html`<div class="field">
    <label for=${id}
      >${label}${optional ? html` <span class="small secondary">${msg('optional')}</span>` : nothing}</label
    >
    ${control}
    <p id="${id}-fault" class="fault small" ?hidden=${fault === null}>${fault ?? nothing}</p>
  </div>`;
}

export function choiceField(options: ChoiceField): TemplateResult {
  const { id, value, choices, none, optional = false, fault = null, change } = options;
  return field(
    options,
    html`<select
      id=${id}
      ?required=${!optional}
      aria-invalid=${fault === null ? 'false' : 'true'}
      aria-describedby="${id}-fault"
      @input=${(event: Event) => change(valueOf(event))}
    >
      <option value="" ?selected=${value === ''}>${none}</option>
      ${choices.map(
        (choice) =>
          html`<option value=${choice.value} ?selected=${choice.value === value} ?disabled=${choice.disabled ?? false}>
            ${choice.label}
          </option>`,
      )}
    </select>`,
  );
}

/** The value of the control behind an event. */
export function valueOf(event: Event): string {
  const { target } = event;
  const isControl =
    target instanceof HTMLSelectElement || target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return isControl ? target.value : '';
}
