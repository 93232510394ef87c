import { html, nothing, type TemplateResult } from 'lit';
import type { Account, Login, Pairing } from '../../shared/pairing.ts';
import { formatNumber, formatTime, msg, str } from '../core/localize.ts';
import { needsAttention } from './pair-state.ts';
import { callbackWords, checkProblemWords, loginWords, placeOf } from './pair-words.ts';

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

export function healthView({ health, state }: Pairing, language: string): TemplateResult {
  const paused = state === 'needs_login';
  const suspicious = paused || health.callback === 'none' || health.callback === 'suspect';
  return html`<div part="health">
    <h3>${msg('How new scans arrive')}</h3>
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

/** "43 cases, 41 by notification, 2 recovered, checked 09:42": the practice manager's proof that none is missing. */
export function ledgerView({ ledger, health }: Pairing, language: string): TemplateResult {
  const number = (value: number): string => formatNumber(value, language);
  const parts = [
    ledger.cases === 1 ? msg('1 case') : msg(str`${number(ledger.cases)} cases`),
    msg(str`${number(ledger.byNotification)} by notification`),
    ledger.backfilled > 0 ? msg(str`${number(ledger.backfilled)} from before`) : '',
    msg(str`${number(ledger.recovered)} recovered`),
    health.lastFullCheckAt === null ? '' : msg(str`checked ${formatTime(health.lastFullCheckAt, language)}`),
  ];
  return html`<p class="ledger" part="ledger">${parts.filter((part) => part !== '').join(', ')}</p>`;
}
