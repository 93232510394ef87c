import { html, nothing, type TemplateResult } from 'lit';
import { msg, str } from '../core/localize.ts';
import { needsDetails, NO_DETAIL, type Draft, type ToothDetail } from './draft.ts';
import { choiceField, type Choice } from './field-template.ts';
import { IteroToothChart } from './itero-tooth-chart.ts';
import type { RequestForm } from './request-state.ts';
import { toLabel, type ToothNotation } from '../core/tooth-notation.ts';
import { toothName, toothTitle } from './tooth-words.ts';

export interface TeethView {
  readonly form: RequestForm;
  readonly sending: boolean;
  readonly notation: ToothNotation;
  readonly fault: string | null;
  readonly edit: (change: Partial<Draft>) => void;
}

/** The chart, and beside it what restorative procedures want to know of each tooth. */
export function teethTemplate(view: TeethView): TemplateResult {
  const { form, sending, notation, fault, edit } = view;
  const change = (event: Event) => {
    const chart = event.target;
    if (chart instanceof IteroToothChart) edit({ teeth: chart.teeth, teethUnreadable: chart.unreadable });
  };
  return html`<fieldset class="teeth">
    <legend>${msg('Teeth')}</legend>
    <div class="teeth-row">
      <itero-tooth-chart
        id="teeth"
        exportparts="tooth-chart, tooth-entry"
        .teeth=${form.draft.teeth}
        .notation=${notation}
        .error=${fault}
        ?disabled=${sending}
        @change=${change}
      ></itero-tooth-chart>
      ${needsDetails(form.practice, form.draft) ? detailsTemplate(view) : nothing}
    </div>
  </fieldset>`;
}

function detailsTemplate(view: TeethView): TemplateResult {
  const { draft } = view.form;
  const [first] = draft.teeth;
  if (first === undefined) {
    return html`<p class="secondary">
      ${msg('Restoration, material and shade are asked for each tooth you choose.')}
    </p>`;
  }
  const toAll = () => {
    const detail = draft.details[first] ?? NO_DETAIL;
    view.edit({ details: Object.fromEntries(draft.teeth.map((tooth) => [tooth, detail])) });
  };
  const label = toLabel(first, view.notation);
  return html`<div class="details">
    ${draft.teeth.map((tooth) => toothTemplate(view, tooth))}
    ${
      draft.teeth.length > 1
        ? html`<button type="button" @click=${toAll}>${msg(str`Take ${label} over to all teeth`)}</button>`
        : nothing
    }
  </div>`;
}

function toothTemplate({ form, notation, edit }: TeethView, tooth: number): TemplateResult {
  const { practice, draft } = form;
  const detail = draft.details[tooth] ?? NO_DETAIL;
  const change = (part: Partial<ToothDetail>) =>
    edit({ details: { ...draft.details, [tooth]: { ...detail, ...part } } });
  const plain = (values: readonly string[]): Choice[] => values.map((value) => ({ value, label: value }));
  const none = msg('Not given');
  return html`<fieldset class="tooth" aria-label=${toothTitle(tooth, notation)}>
    <legend><b>${toLabel(tooth, notation)}</b> <span class="small secondary">${toothName(tooth)}</span></legend>
    ${choiceField({
      id: `restoration-${tooth}`,
      label: msg('Restoration'),
      value: detail.restorationType,
      choices: plain(practice.restorationTypes),
      none,
      optional: true,
      change: (restorationType) => change({ restorationType }),
    })}
    ${choiceField({
      id: `material-${tooth}`,
      label: msg('Material'),
      value: detail.materialId,
      choices: practice.materials.map(({ id, name }) => ({ value: id, label: name })),
      none,
      optional: true,
      change: (materialId) => change({ materialId }),
    })}
    ${choiceField({
      id: `shade-${tooth}`,
      label: msg('Shade'),
      value: detail.shade,
      choices: plain(practice.shades),
      none,
      optional: true,
      change: (shade) => change({ shade }),
    })}
  </fieldset>`;
}
