import { html, nothing, type TemplateResult } from 'lit';
import type { Phase, Scan } from '../../shared/scan.ts';
import { msg, str } from '../core/localize.ts';
import { phaseName } from './words.ts';

const STEPS = ['scanned', 'modeling', 'review', 'milling'] as const satisfies readonly Phase[];

/** Index of the step a case stands at; a rescan is back at the first one, an unknown status at none. */
function stepOf(phase: Phase): number {
  return phase === 'rescan' ? 0 : STEPS.findIndex((step) => step === phase);
}

/** The status in upstream's own words, and four marks that show how far the case is. */
export function compactFlow({ phase, status }: Pick<Scan, 'phase' | 'status'>): TemplateResult {
  const at = stepOf(phase);
  const label = at < 0 ? msg('Step unknown') : msg(str`Step ${at + 1} of ${STEPS.length}: ${phaseName(phase)}`);
  const known = phase === 'other' || phase === 'scanned' || phaseName(phase).toLowerCase() === status.toLowerCase();
  const words = known ? nothing : html`<span>${phaseName(phase)}</span>`;
  return html`<span class="flow ${phase}">
    <span class="steps" role="img" aria-label=${label}
      >${STEPS.map((_, index) => html`<i class=${index < at ? 'done' : index === at ? 'now' : ''}></i>`)}</span
    >
    <b>${status}</b>${words}
  </span>`;
}

/** The steps by name. */
export function fullFlow({ phase, status }: Pick<Scan, 'phase' | 'status'>): TemplateResult {
  const at = stepOf(phase);
  return html`<ol class="full-flow ${phase}" aria-label=${msg('Case flow')}>
    ${STEPS.map((step, index) => {
      const name = index === 0 && phase === 'rescan' ? phaseName('rescan') : phaseName(step);
      return html`<li
        class=${index < at ? 'done' : index === at ? 'now' : ''}
        aria-current=${index === at ? 'step' : nothing}
      >
        <i></i
        ><span
          >${name}${index === at && status.toLowerCase() !== name.toLowerCase() ? html`<small>${status}</small>` : nothing}</span
        >
      </li>`;
    })}
  </ol>`;
}
