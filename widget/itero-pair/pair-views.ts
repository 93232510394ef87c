import { html, nothing, type TemplateResult } from 'lit';
import type { Account, Login, Pairing } from '../../shared/pairing.ts';
import { formatTime, msg } from '../core/localize.ts';
import { callbackWords, checkProblemWords, isOverdue, overdueWords } from '../ledger/arrival-words.ts';
import { needsAttention } from './pair-state.ts';
import { loginWords, placeOf } from './pair-words.ts';

/** The clinic that is connected, and whether all is well. */
export function clinicView(account: Account, pairing: Pairing): TemplateResult {
  const place = placeOf(account);
  const attention = needsAttention(pairing);
  return html`<div class="clinic" part="clinic">
    <div>
      <h3>${account.name}</h3>
      ${place === '' ? nothing : html`<p class="secondary small">${place}</p>`}
    </div>
    <span class="state ${attention ? 'attention' : 'well'}" part="state">
      ${attention ? msg('Needs attention') : msg('Connected')}
    </span>
  </div>`;
}

export function loginsView(logins: readonly Login[], language: string): TemplateResult {
  return html`<div part="logins">
    <h3>${msg('Signed in to iTero')}</h3>
    ${
      logins.length === 0
        ? html`<p class="secondary">${msg('Nobody.')}</p>`
        : html`<ul class="logins">
            ${logins.map(
              (login) =>
                html`<li>
                  <span
                    >${login.displayName}${login.you ? html` <span class="tag">${msg('you')}</span>` : nothing}</span
                  >
                  <span class="small ${login.state === 'failing' ? 'failing' : 'secondary'}">
                    ${loginWords(login)},
                    ${msg(html`since <time datetime=${login.since}>${formatTime(login.since, language)}</time>`)}
                  </span>
                </li>`,
            )}
          </ul>`
    }
  </div>`;
}

function timeOr(iso: string | null, otherwise: string, language: string): TemplateResult | string {
  return iso === null ? otherwise : html`<time datetime=${iso}>${formatTime(iso, language)}</time>`;
}

export function healthView(pairing: Pairing, language: string): TemplateResult {
  const { health, state } = pairing;
  const paused = state === 'needs_login';
  const suspicious = paused || health.callback === 'none' || health.callback === 'suspect';
  return html`<div part="health">
    <h3>${msg('How new scans arrive')}</h3>
    ${
      isOverdue(pairing)
        ? html`<p class="notice warning problem" part="problem">${overdueWords(pairing, language)}</p>`
        : nothing
    }
    ${
      health.problem === null
        ? nothing
        : html`<p class="notice warning problem" part="problem">${checkProblemWords(health.problem)}</p>`
    }
    <dl class="facts">
      <div class="wide">
        <dt>${msg('Notifications')}</dt>
        <dd class=${suspicious ? 'failing' : ''}>
          ${paused ? msg('Paused until somebody signs in.') : callbackWords(health)}
        </dd>
      </div>
      <div>
        <dt>${msg('Last notification')}</dt>
        <dd>${timeOr(health.lastNotificationAt, msg('none yet'), language)}</dd>
      </div>
      <div>
        <dt>${msg('Last full check')}</dt>
        <dd>${timeOr(health.lastFullCheckAt, msg('none yet'), language)}</dd>
      </div>
      <div>
        <dt>${msg('Next check')}</dt>
        <dd>${timeOr(health.nextCheckAt, msg('not planned'), language)}</dd>
      </div>
    </dl>
  </div>`;
}
