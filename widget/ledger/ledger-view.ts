import { html, nothing, type TemplateResult } from 'lit';
import type { Pairing } from '../../shared/pairing.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import { ledgerLine } from './arrival-words.ts';

/** The count of cases, and folded below it what it proves, for a practice manager. */
export function ledgerView(pairing: Pairing, language: string): TemplateResult {
  return html`<div class="ledger" part="ledger">
    <p>${ledgerLine(pairing, language)}</p>
    <details part="ledger-meaning">
      <summary>${msg('What these numbers mean')}</summary>
      <dl class="meaning">
        ${meanings(pairing).map(
          ([label, words]) =>
            html`<div>
              <dt>${label}</dt>
              <dd>${words}</dd>
            </div>`,
        )}
      </dl>
      ${provedView(pairing, language)}
    </details>
  </div>`;
}

function meanings({ ledger }: Pairing): [string, string][] {
  const meaning: [string, string][] = [
    [msg('By notification'), msg('iTero told of the case, and it was here a moment later.')],
    [
      msg('Recovered'),
      msg(
        'iTero’s message of the case, or of a change to it, did not come. The regular check, which compares this list with iTero’s own every few minutes, found it: it came later, and was not lost.',
      ),
    ],
  ];
  if (ledger.backfilled > 0)
    meaning.push([msg('From before'), msg('It was at iTero already when the clinic was connected.')]);
  if (ledger.waiting > 0)
    meaning.push([
      msg('Waits for a file'),
      msg(
        'The case is here, its files are not complete at iTero yet. They are looked for by themselves; the case says what to do when they do not come.',
      ),
    ]);
  if (ledger.pending > 0)
    meaning.push([msg('Being read'), msg('iTero told of the case, and has not given it out yet. It is asked again.')]);
  if (ledger.unreadable > 0)
    meaning.push([
      msg('Cannot be read yet'),
      msg('iTero lists a case in a form that is not understood here. It is tried again; until then MyiTero shows it.'),
    ]);
  meaning.push([msg('Checked'), msg('When the list was last compared with iTero’s own, to its end.')]);
  return meaning;
}

/** The proof: up to when nothing can be missing. */
function provedView({ ledger }: Pairing, language: string): TemplateResult | typeof nothing {
  if (ledger.provedUntil === null) return nothing;
  return html`<p class="secondary">
    ${msg(
      str`Everything that changed at iTero from when the clinic was connected up to ${formatTime(ledger.provedUntil, language)} was compared and is here.`,
    )}
    ${
      ledger.backfilled > 0
        ? msg('Each case counts once: by notification, from before and recovered add up to the cases.')
        : msg('Each case counts once: by notification and recovered add up to the cases.')
    }
  </p>`;
}
