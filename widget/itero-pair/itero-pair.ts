import { html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from 'lit';
import type { Pairing } from '../../shared/pairing.ts';
import type { ComponentName } from '../../shared/session.ts';
import { IteroElement } from '../core/itero-element.ts';
import { msg, str } from '../core/localize.ts';
import type { LinkState } from '../core/page-link.ts';
import { expiredView, faultView, frame, loadingView, offlineNotice } from '../core/view-state.ts';
import { styles } from './itero-pair.styles.ts';
import type * as questions from './pair-questions.ts';
import { PairController } from './pair-controller.ts';
import type { DialogActions } from './pair-dialog.ts';
import { isConnected } from './pair-state.ts';
import { clinicView, healthView, ledgerView, loginsView } from './pair-views.ts';
import { signInProblemWords } from './pair-words.ts';

/**
 * @summary The clinic's connection to iTero: connect, who is signed in, whether scans arrive, disconnect.
 * @slot heading - Replaces the heading.
 * @slot actions - More controls beside the heading.
 * @slot loading - Shown while loading.
 * @slot error - Shown instead of an error.
 * @fires itero-ready - A session was granted.
 * @fires itero-paired - The clinic was connected, here or elsewhere.
 * @fires itero-unpaired - The clinic was disconnected; `reason` is `unpaired` or `lost`.
 * @fires itero-before-unpair - Cancelable: about to disconnect.
 * @fires itero-error - Something failed; the element shows what to do.
 * @fires itero-session-expired - The practice system gave no new session.
 * @csspart base - The outline.
 * @csspart header - Heading and actions.
 * @csspart body - All below the header.
 * @csspart clinic - The connected account.
 * @csspart logins - Who is signed in.
 * @csspart health - How new scans arrive.
 * @csspart ledger - The count of cases.
 * @csspart accounts - The choice of an account.
 * @csspart dialog - The question before disconnecting or signing out.
 * @cssstate loading - Nothing is known yet.
 * @cssstate error - It could not be loaded.
 * @cssstate offline - The service cannot be reached.
 * @cssstate paired - The clinic is connected.
 * @cssstate unpaired - The clinic is not connected.
 */
export class IteroPair extends IteroElement {
  static override component: ComponentName = 'pair';
  static override patientBound = false;
  static override styles: CSSResultGroup = [IteroElement.styles, styles];

  readonly #pair = new PairController(this, {
    link: () => this.link,
    mayManage: () => this.has('pair:manage'),
    emit: (event) => this.emit(event),
  });

  #opened: HTMLDialogElement | null = null;
  #questions: typeof questions | undefined;
  #fetching = false;

  protected override dropData(): void {
    this.#pair.drop();
  }

  protected override linkChanged(state: LinkState): void {
    if (state.kind === 'ready') this.#pair.start();
  }

  protected override streamEvent(): void {
    // Every event changes what is counted here; the pairing itself says what is true now.
    void this.#pair.load();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { pairing, loadFault, task } = this.#pair.state;
    const link = this.link?.state;
    if (task.kind === 'listing' || task.kind === 'choosing' || 'running' in task) void this.#fetchQuestions();
    if (link?.kind === 'expired' || link?.kind === 'failed') this.setStates('error');
    else {
      this.setStates(
        ...(link?.kind === 'offline' ? (['offline'] as const) : []),
        pairing ? (isConnected(pairing) ? 'paired' : 'unpaired') : loadFault ? 'error' : 'loading',
      );
    }
  }

  protected override update(changed: PropertyValues): void {
    // Closed before it is taken away: only that gives the focus back to the button that opened it.
    if (!('running' in this.#pair.state.task)) this.#opened?.close();
    super.update(changed);
  }

  protected override updated(): void {
    const dialog = this.renderRoot.querySelector('dialog');
    // Once only: closed by Escape it stays closed until its `close` event has taken it away.
    if (dialog && dialog !== this.#opened) dialog.showModal();
    this.#opened = dialog;
  }

  override render(): TemplateResult {
    const { pairing } = this.#pair.state;
    const aside = pairing?.simulated ? html`<span class="tag">${msg('Simulated environment')}</span>` : nothing;
    return html`${frame({ heading: msg('iTero connection'), aside, body: this.#body() })}${this.#dialog()}`;
  }

  #body(): unknown {
    const state = this.link?.state;
    const { pairing, loadFault } = this.#pair.state;
    const again = (): void => this.link?.retry();
    if (state?.kind === 'failed') return faultView(state.fault);
    if (state?.kind === 'expired') return expiredView(state.fault, again);
    if (!pairing) {
      if (state?.kind === 'offline') return offlineNotice(again);
      return loadFault ? faultView(loadFault, () => void this.#pair.load()) : loadingView();
    }
    return html`${state?.kind === 'offline' ? offlineNotice(again) : nothing}
      <p class=${this.#pair.status === '' ? 'hidden-visually' : 'secondary'} role="status">${this.#pair.status}</p>
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
        if (!this.#questions) return loadingView();
        return this.#questions.accountsView({
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
    const manage = this.has('pair:manage');
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
    ${ledgerView(pairing, this.language)} ${loginsView(pairing.logins, this.language)}
    ${healthView(pairing, this.language)} ${manage ? this.#actionsView(pairing) : this.#readOnlyView()}`;
  }

  #readOnlyView(): TemplateResult {
    return html`<p class="secondary small">
      ${msg('You can see the connection, not change it. Ask your practice manager.')}
    </p>`;
  }

  #actionsView(pairing: Pairing): TemplateResult {
    const mine = pairing.logins.find((login) => login.you && login.state !== 'signed_out');
    const signIn =
      mine?.state === 'failing' || pairing.state === 'needs_login' ? msg('Sign in again') : msg('Add my sign-in');
    return html`<div class="row">
      ${
        mine?.state === 'healthy'
          ? html`<button type="button" @click=${this.#pair.askSignOut}>${msg('Sign me out here')}</button>`
          : html`<button class="primary" type="button" @click=${this.#pair.connect}>${signIn}</button>`
      }
      <button class="danger" type="button" @click=${this.#pair.askUnpair}>${msg('Disconnect clinic…')}</button>
    </div>`;
  }

  #dialog(): unknown {
    const { task, pairing, actionFault } = this.#pair.state;
    const asked = this.#questions;
    if (!asked || !pairing || this.link?.state.kind === 'expired') return nothing;
    const actions: DialogActions = {
      confirm: () => void this.#pair.confirm(),
      keep: this.#pair.keep,
      cancelled: this.#pair.cancelled,
    };
    if (task.kind === 'confirm_unpair') {
      return asked.unpairDialog(pairing.account?.name ?? '', task.impact, task.running, actionFault, actions);
    }
    if (task.kind === 'confirm_sign_out') return asked.signOutDialog(pairing, task.running, actionFault, actions);
    return nothing;
  }

  /** The questions are a chunk of their own: most visits only look at the connection. */
  async #fetchQuestions(): Promise<void> {
    if (this.#questions || this.#fetching) return;
    this.#fetching = true;
    try {
      this.#questions = await import('./pair-questions.ts');
      this.requestUpdate();
    } catch {
      // Offline, or a new release took the chunk away.
      this.#pair.cannotAsk();
    }
    this.#fetching = false;
  }
}
