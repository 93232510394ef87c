import { html, nothing, type TemplateResult } from 'lit';
import type { Phase, Scan } from '../../shared/scan.ts';
import { msg, str } from '../core/localize.ts';
import { phaseName } from './words.ts';

export const STEPS = ['scanned', 'modeling', 'review', 'milling'] as const satisfies readonly Phase[];

/** Index of the step a case stands at; a rescan is back at the first one, an unknown status at none. */
export function stepOf(phase: Phase): number {
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
