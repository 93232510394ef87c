import { html, nothing, type TemplateResult } from 'lit';
import { PHASES } from '../../shared/scan.ts';
import { formatNumber, msg, str } from '../core/localize.ts';
import type { Counts } from './inbox-state.ts';
import { isNarrowed, NO_FILTER, type ScanFilter, type ScanStatusFilter } from './scan-filter.ts';
import { filterName } from './words.ts';

export interface FilterView {
  readonly filter: ScanFilter;
  readonly counts: Counts | null;
  readonly clinicWide: boolean;
  readonly language: string;
  readonly narrow: (filter: ScanFilter) => void;
}

export function renderFilters({ filter, counts, clinicWide, language, narrow }: FilterView): TemplateResult {
  const option = (status: ScanStatusFilter): TemplateResult =>
    html`<option value=${status} ?selected=${filter.status === status}>${filterName(status)}</option>`;
  const quick = (status: ScanStatusFilter, count: number | undefined): TemplateResult =>
    html`<button
      type="button"
      class="quick"
      aria-pressed=${filter.status === status}
      @click=${() => narrow({ ...filter, status: filter.status === status ? 'all' : status })}
    >
      ${filterName(status)}${count === undefined ? nothing : html` <b>${formatNumber(count, language)}</b>`}
    </button>`;
  const day = (name: 'from' | 'to', label: string): TemplateResult =>
    html`<label class="day"
      ><span>${label}</span
      ><input
        type="date"
        .value=${filter[name] ?? ''}
        @change=${(event: Event) =>
          narrow({ ...filter, [name]: event.target instanceof HTMLInputElement ? event.target.value || null : null })}
    /></label>`;
  return html`<div class="filters row" part="filters" role="group" aria-label=${msg('Filter')}>
    ${quick('unread', counts?.unread)} ${clinicWide ? quick('unmatched', counts?.unmatched) : nothing}
    <select
      aria-label=${msg('Show')}
      @input=${(event: Event) =>
        narrow({ ...filter, status: (event.target as HTMLSelectElement).value as ScanStatusFilter })}
    >
      ${option('all')} ${option('unread')} ${option('waiting')} ${clinicWide ? option('unmatched') : nothing}
      ${PHASES.map(option)}
    </select>
    <span class="row">${day('from', msg('Changed from'))} ${day('to', msg('to'))}</span>
    ${
      isNarrowed(filter)
        ? html`<button type="button" class="plain" @click=${() => narrow(NO_FILTER)}>${msg('Show all')}</button>`
        : nothing
    }
  </div>`;
}

/** Why nothing is listed, and the next step. */
export function renderNothing(
  { filter, clinicWide, narrow }: FilterView,
  where: TemplateResult | typeof nothing,
): TemplateResult {
  if (isNarrowed(filter)) {
    return html`<div class="nothing" part="empty">
      <p>${msg('No scan fits this filter.')}</p>
      <button type="button" @click=${() => narrow(NO_FILTER)}>${msg('Show all')}</button>
    </div>`;
  }
  return html`<div class="nothing" part="empty">
    <p><b>${clinicWide ? msg('No scans yet') : msg('No scans of this patient yet')}</b></p>
    <p class="secondary">
      ${
        clinicWide
          ? msg('Scan a patient: the case shows here by itself, a moment after the scanner has sent it.')
          : msg(
              'Press “Send to scanner” and scan: the case shows here by itself, a moment after the scanner has sent it.',
            )
      }
    </p>
    ${where}
  </div>`;
}

export function countWords(counts: Counts, language: string): string {
  const total = formatNumber(counts.total, language);
  return counts.total === 1 ? msg('1 scan') : msg(str`${total} scans`);
}
