import { html, nothing, type TemplateResult } from 'lit';
import type { Impact, Pairing } from '../../shared/pairing.ts';
import type { Fault } from '../core/fault.ts';
import { msg, str } from '../core/localize.ts';
import { isLastLogin } from './pair-state.ts';

export interface DialogActions {
  readonly confirm: () => void;
  readonly keep: () => void;
  /** Escape and the like. */
  readonly cancelled: (event: Event) => void;
  readonly closed: (event: Event) => void;
}

interface DialogParts {
  readonly title: string;
  readonly body: unknown;
  readonly confirm: string;
  readonly keep: string;
  /** What will happen is known. */
  readonly ready: boolean;
  readonly running: boolean;
  readonly fault: Fault | undefined;
}

function dialogView(parts: DialogParts, actions: DialogActions): TemplateResult {
  return html`<dialog part="dialog" aria-labelledby="question" @cancel=${actions.cancelled} @close=${actions.closed}>
    <div class="body flush">
      <h2 id="question">${parts.title}</h2>
      ${parts.body}
      ${parts.fault ? html`<p class="notice danger" role="alert">${parts.fault.displayMessage}</p>` : nothing}
      <div class="row end">
        <button type="button" ?disabled=${parts.running} @click=${actions.keep}>${parts.keep}</button>
        <button
          class="danger"
          type="button"
          ?disabled=${parts.running || !parts.ready}
          aria-busy=${String(parts.running)}
          @click=${actions.confirm}
        >
          ${parts.confirm}
        </button>
      </div>
    </div>
  </dialog>`;
}

/** What un-pairing affects, before it is done. Source: align-api §3: un-pair hits every user of the account. */
export function unpairDialog(
  clinic: string,
  impact: Impact | undefined,
  running: boolean,
  fault: Fault | undefined,
  actions: DialogActions,
): TemplateResult {
  const body = impact
    ? impactView(impact)
    : html`<div class="skeleton" role="status">
        <span class="hidden-visually">${msg('Loading what this affects')}</span><i></i><i></i>
      </div>`;
  return dialogView(
    {
      title: msg(str`Disconnect ${clinic} from iTero?`),
      body,
      confirm: running ? msg('Disconnecting…') : msg('Disconnect for everybody'),
      keep: msg('Keep connected'),
      ready: impact !== undefined,
      running,
      fault,
    },
    actions,
  );
}

function impactView({ logins, openRequests }: Impact): TemplateResult {
  const names = logins.map((login) => (login.you ? msg(str`${login.displayName} (you)`) : login.displayName));
  const open = openRequests.length;
  return html`<ul class="bullets" part="impact">
    <li>
      ${
        names.length === 0
          ? msg('Nobody is signed in at the moment.')
          : msg(str`Signed out of iTero: ${names.join(', ')}.`)
      }
    </li>
    <li>
      ${
        open === 0
          ? msg('No scan request is open.')
          : open === 1
            ? msg('1 open scan request stays on the scanner and can no longer be cancelled here.')
            : msg(str`${open} open scan requests stay on the scanner and can no longer be cancelled here.`)
      }
    </li>
    <li>${msg('Other programs that are connected to this iTero account may be disconnected, too.')}</li>
    <li>${msg('New scans no longer arrive. The list stays readable, files can no longer be opened.')}</li>
  </ul>`;
}

export function signOutDialog(
  pairing: Pairing,
  running: boolean,
  fault: Fault | undefined,
  actions: DialogActions,
): TemplateResult {
  const text = isLastLogin(pairing)
    ? msg('Nobody else is signed in. New scans stop arriving until somebody signs in again.')
    : msg('The clinic stays connected through the others who are signed in.');
  return dialogView(
    {
      title: msg('Sign out of iTero here?'),
      body: html`<p>${text}</p>`,
      confirm: running ? msg('Signing out…') : msg('Sign me out'),
      keep: msg('Stay signed in'),
      ready: true,
      running,
      fault,
    },
    actions,
  );
}
