import { html, nothing, type TemplateResult } from 'lit';
import type { Scan } from '../../shared/scan.ts';
import { msg } from '../core/localize.ts';
import { STEPS, stepOf } from './case-flow.ts';
import { phaseName } from './words.ts';

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
