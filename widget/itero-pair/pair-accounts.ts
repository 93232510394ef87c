import { html, nothing, type TemplateResult } from 'lit';
import type { Account } from '../../shared/pairing.ts';
import { msg } from '../core/localize.ts';
import { placeOf } from './pair-words.ts';

export interface AccountChoice {
  readonly accounts: readonly Account[];
  readonly selected: string | undefined;
  readonly select: (event: Event) => void;
  readonly submit: (event: Event) => void;
  readonly again: () => void;
}

/** Which of the doctor's clinics this is. Those that Align has not enabled are shown, not selectable. */
export function accountsView({ accounts, selected, select, submit, again }: AccountChoice): TemplateResult {
  const any = accounts.some((account) => account.configured);
  return html`<form class="stack" part="accounts" @submit=${submit}>
    <fieldset>
      <legend>${msg('Which iTero account belongs to this clinic?')}</legend>
      <ul class="accounts">
        ${accounts.map((account) => {
          const place = placeOf(account);
          const reason = account.configured ? '' : msg('Not set up for the integration. Ask Align to enable it.');
          return html`<li>
            <label class="account ${account.configured ? '' : 'off'}">
              <input
                type="radio"
                name="account"
                .value=${account.id}
                .checked=${account.id === selected}
                ?disabled=${!account.configured}
                @change=${select}
              />
              <span>
                ${account.name}
                <span class="small secondary">${[place, reason].filter((part) => part !== '').join(' · ')}</span>
              </span>
            </label>
          </li>`;
        })}
      </ul>
    </fieldset>
    ${
      any
        ? nothing
        : html`<p class="notice warning">${msg('None of your iTero accounts is set up for the integration.')}</p>`
    }
    <div class="row">
      ${
        any
          ? html`<button class="primary" type="submit" ?disabled=${selected === undefined}>
              ${msg('Connect this account')}
            </button>`
          : nothing
      }
      <button type="button" @click=${again}>${msg('Sign in as somebody else')}</button>
    </div>
  </form>`;
}
