import { html, nothing, type ReactiveController, type TemplateResult } from 'lit';
import type { Pairing } from '../../shared/pairing.ts';
import type { StateName } from '../core/itero-element.ts';
import { msg, str } from '../core/localize.ts';
import { faultView, loadingView } from '../core/view-state.ts';
import { ledgerView } from '../ledger/ledger-view.ts';
import { accountsView } from './pair-accounts.ts';
import { PairController, type PairDoor, type PairHost } from './pair-controller.ts';
import { signOutDialog, unpairDialog, type DialogActions } from './pair-dialog.ts';
import { isConnected } from './pair-state.ts';
import { clinicView, healthView, loginsView } from './pair-views.ts';
import { signInProblemWords } from './pair-words.ts';

export { styles } from './itero-pair.styles.ts';

export interface PairBodyHost extends PairHost {
  readonly renderRoot: ParentNode;
}

export interface PairBodyDoor extends PairDoor {
  language(): string;
  showsLedger(): boolean;
}

/** All that the pair element shows once its session is under way: a chunk of its own. */
export class PairBody implements ReactiveController {
  readonly #host: PairBodyHost;
  readonly #door: PairBodyDoor;
  readonly #pair: PairController;
  #opened: HTMLDialogElement | null = null;

  constructor(host: PairBodyHost, door: PairBodyDoor) {
    this.#host = host;
    this.#door = door;
    this.#pair = new PairController(host, door);
    host.addController(this);
  }

  start(): void {
    this.#pair.start();
  }

  load(): void {
    void this.#pair.load();
  }

  streamEvent(type: string): void {
    this.#pair.news(!type.startsWith('scan'));
  }

  drop(): void {
    this.#pair.drop();
  }

  get stateName(): StateName {
    const { pairing, loadFault } = this.#pair.state;
    if (!pairing) return loadFault ? 'error' : 'loading';
    return isConnected(pairing) ? 'paired' : 'unpaired';
  }

  hostUpdate(): void {
    // Closed before it is taken away: only that gives the focus back to the button that opened it.
    if (!('running' in this.#pair.state.task)) this.#opened?.close();
  }

  hostUpdated(): void {
    const dialog = this.#host.renderRoot.querySelector('dialog');
    // Once only: closed by Escape it stays closed until its `close` event has taken it away.
    if (dialog && dialog !== this.#opened) dialog.showModal();
    this.#opened = dialog;
  }

  aside(): TemplateResult | typeof nothing {
    return this.#pair.state.pairing?.simulated
      ? html`<span class="tag">${msg('Simulated environment')}</span>`
      : nothing;
  }

  content(offline: boolean): unknown {
    const { pairing, loadFault } = this.#pair.state;
    if (!pairing) {
      if (offline) return nothing;
      return loadFault ? faultView(loadFault, () => this.load()) : loadingView();
    }
    return html`<p class=${this.#pair.status === '' ? 'hidden-visually' : 'secondary'} role="status">
        ${this.#pair.status}
      </p>
      ${this.#noticeView(pairing)} ${this.#stageView(pairing)}`;
  }

  /** What went wrong last: shown where the person looks, until the next action. */
  #noticeView(pairing: Pairing): unknown {
    const { actionFault, task } = this.#pair.state;
    if ('running' in task) return nothing;
    if (actionFault) return faultView(actionFault);
    if (task.kind === 'idle' && pairing.signInProblem !== null) {
      return html`<p class="notice warning" role="alert">${signInProblemWords(pairing.signInProblem)}</p>`;
    }
    return nothing;
  }

  #stageView(pairing: Pairing): unknown {
    const { task } = this.#pair.state;
    switch (task.kind) {
      case 'signing_in':
        return this.#signingInView(task.blockedUrl);
      case 'listing':
      case 'pairing':
        return html`<p class="row" role="status">
          ${task.kind === 'listing' ? msg('Asking iTero for your accounts…') : msg('Connecting the clinic…')}
        </p>`;
      case 'choosing':
        return accountsView({
          ...task,
          select: this.#pair.select,
          submit: this.#pair.submit,
          again: () => void this.#pair.connect(),
        });
      case 'idle':
      case 'confirm_unpair':
      case 'confirm_sign_out':
        return this.#restingView(pairing);
      default:
        return task satisfies never;
    }
  }

  #signingInView(blockedUrl: string | undefined): TemplateResult {
    return html`<div class="stack" part="sign-in">
      ${
        blockedUrl === undefined
          ? html`<p role="status">
              ${msg('Sign in to iTero in the window that has opened. This page follows by itself.')}
            </p>`
          : html`<div class="notice warning" role="alert">
              <p>${msg('The browser blocked the sign-in window. Open it here; this page follows by itself.')}</p>
              <a class="button primary" href=${blockedUrl} target="_blank" rel="noopener"
                >${msg('Open the iTero sign-in')}</a
              >
            </div>`
      }
      <button type="button" @click=${this.#pair.cancelSignIn}>${msg('Cancel')}</button>
    </div>`;
  }

  #restingView(pairing: Pairing): TemplateResult {
    const manage = this.#door.mayManage();
    const { account } = pairing;
    if (!isConnected(pairing)) {
      const lost = pairing.state === 'lost';
      return html`<div class="stack" part="unpaired">
        ${
          lost
            ? html`<p class="notice danger" role="alert">
                ${
                  account
                    ? msg(str`${account.name} was disconnected from iTero somewhere else. New scans no longer arrive.`)
                    : msg('This clinic was disconnected from iTero somewhere else. New scans no longer arrive.')
                }
              </p>`
            : html`<p>
                ${msg('Connect this clinic to iTero to send scan requests and to receive scans by themselves.')}
              </p>`
        }
        ${
          manage
            ? html`<button class="primary" type="button" @click=${this.#pair.connect}>
                ${lost ? msg('Connect again') : msg('Connect to iTero')}
              </button>`
            : this.#readOnlyView()
        }
      </div>`;
    }
    return html`${account ? clinicView(account, pairing) : nothing}
    ${
      pairing.state === 'needs_login'
        ? html`<p class="notice danger" role="alert">
            ${msg('Nobody is signed in to iTero any more. New scans do not arrive until somebody signs in again.')}
          </p>`
        : nothing
    }
    ${this.#door.showsLedger() ? ledgerView(pairing, this.#door.language()) : nothing}
    ${loginsView(pairing.logins, this.#door.language())} ${healthView(pairing, this.#door.language())}
    ${manage ? this.#actionsView(pairing) : this.#readOnlyView()}`;
  }

  #readOnlyView(): TemplateResult {
    return html`<p class="secondary small">
      ${msg('You can see the connection, not change it. Ask your practice manager.')}
    </p>`;
  }

  #actionsView(pairing: Pairing): TemplateResult {
    const mine = pairing.logins.find((login) => login.you && login.state !== 'signed_out');
    const signIn = mine !== undefined || pairing.state === 'needs_login' ? msg('Sign in again') : msg('Add my sign-in');
    const { callback, problem } = pairing.health;
    const mayHelp = callback === 'none' || callback === 'suspect' || problem === 'service_misconfigured';
    const connect = html`<button class="primary" type="button" @click=${this.#pair.connect}>${signIn}</button>`;
    return html`<div class="row">
      ${
        mine?.state === 'healthy'
          ? html`${mayHelp ? connect : nothing}
              <button type="button" @click=${this.#pair.askSignOut}>${msg('Sign me out here')}</button>`
          : connect
      }
      <button class="danger" type="button" @click=${this.#pair.askUnpair}>${msg('Disconnect clinic…')}</button>
    </div>`;
  }

  dialog(): unknown {
    const { task, pairing, actionFault } = this.#pair.state;
    if (!pairing || this.#door.link()?.state.kind === 'expired') return nothing;
    const actions: DialogActions = {
      confirm: () => void this.#pair.confirm(),
      keep: this.#pair.keep,
      cancelled: this.#pair.cancelled,
      closed: this.#pair.closed,
    };
    if (task.kind === 'confirm_unpair') {
      return unpairDialog(pairing.account?.name ?? '', task.impact, task.running, actionFault, actions);
    }
    if (task.kind === 'confirm_sign_out') return signOutDialog(pairing, task.running, actionFault, actions);
    return nothing;
  }
}
