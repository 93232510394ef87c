import { html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from 'lit';
import type { Result } from '../../shared/result.ts';
import type { PatientIdentity } from '../../shared/scan-request.ts';
import type { ComponentName } from '../../shared/session.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import { adoptLate } from '../core/adopt-late.ts';
import { IteroElement, type StateName } from '../core/itero-element.ts';
import { LazyPart } from '../core/lazy-part.ts';
import { msg } from '../core/localize.ts';
import type { LinkState } from '../core/page-link.ts';
import { emptyView, faultView, frame, loadingView, offlineNotice, unpairedView } from '../core/view-state.ts';
import type { FormStore } from './form-store.ts';
import { toIdentity, type MissingPart } from './identity.ts';
import type { ListView } from './list-template.ts';
import { ListStore } from './list-store.ts';
import { PatientCalls, type RequestHost } from './patient-calls.ts';
import { missingText } from './words.ts';

/**
 * "Send to scanner": makes an RX for the patient of the chart, shows the open ones, cancels them.
 *
 * @summary Send a scan request from a patient's chart.
 * @slot heading - instead of the heading
 * @slot actions - beside the heading
 * @slot empty - when there is no request for this chart
 * @slot error - instead of an error message
 * @slot loading - instead of the placeholder while loading
 * @fires itero-before-send - cancelable; before a request is sent
 * @fires itero-scan-requested - a request was sent
 * @fires itero-scan-request-cancelled - a request was cancelled
 * @fires itero-error - something failed and is shown
 * @csspart base - the root
 * @csspart open-button - "Send to scanner" beside the heading
 * @csspart form - the form
 * @csspart guard - who will be sent, and what is known of the patient
 * @csspart send-button - the form's "Send to scanner"
 * @csspart tooth-chart - the two arches
 * @csspart requests - the list
 * @csspart request - one request
 * @cssstate loading - something is being loaded
 * @cssstate empty - there is no request for this chart
 * @cssstate error - something failed
 * @cssstate offline - no connection to the scanner service
 * @cssstate paired - the clinic is connected to iTero
 * @cssstate unpaired - the clinic is not connected, or nobody is signed in
 */
export class IteroScanRequest extends IteroElement {
  static override component: ComponentName = 'scan_request';
  static override styles: CSSResultGroup = IteroElement.styles;
  static override properties = {
    firstName: { attribute: 'first-name' },
    lastName: { attribute: 'last-name' },
    dateOfBirth: { attribute: 'date-of-birth' },
  };

  declare firstName: string | null;
  declare lastName: string | null;
  /** `YYYY-MM-DD` */
  declare dateOfBirth: string | null;

  readonly #host: RequestHost = {
    api: () => this.link?.api,
    owner: () => this.claims,
    identity: () => this.#identity(),
    chartNumber: () => this.chartNumber,
    userName: () => this.#requests.pairing?.logins.find((login) => login.you)?.displayName ?? null,
    changed: () => this.requestUpdate(),
    emit: (event) => this.emit(event),
    focus: (selector) => void this.#focus(selector),
    listChanged: () => void this.#requests.load(),
  };
  readonly #calls = new PatientCalls();
  readonly #requests = new ListStore(this.#host, this.#calls);
  /** Fetched once the list is asked for, so that it is there when it is wanted. */
  readonly #formPart = new LazyPart(
    async () => {
      const part = await import('./form-store.ts');
      adoptLate(this.renderRoot, part.formStyles);
      return part;
    },
    () => this.requestUpdate(),
  );
  /** How requests look: fetched while the session is asked for. */
  readonly #listPart = new LazyPart(
    async () => {
      const part = await import('./list-template.ts');
      adoptLate(this.renderRoot, part.listStyles);
      return part;
    },
    () => this.requestUpdate(),
  );
  #form: FormStore | undefined;
  /** The person wants the form, and its code is on its way or could not be had. */
  #wanted = false;
  #linkWas: LinkState['kind'] = 'starting';

  constructor() {
    super();
    this.firstName = null;
    this.lastName = null;
    this.dateOfBirth = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#listPart.fetch();
  }

  protected override dropData(): void {
    this.#calls.drop();
    this.#requests.drop();
    this.#form = undefined;
    this.#wanted = false;
    // The next link may be ready at once: another element has it already.
    this.#linkWas = 'starting';
  }

  protected override linkChanged(state: LinkState): void {
    if (state.kind === 'ready' && this.#linkWas !== 'ready') {
      void this.#listPart.fetch();
      void this.#requests.load();
      void this.#requests.loadPairing();
      if (this.has('scan-request:write')) void this.#loadForm();
      // A look-up that the lost connection ended: the guard promises that it is repeated.
      void this.#form?.check();
    }
    this.#linkWas = state.kind;
  }

  protected override streamEvent({ type }: StreamEvent | { readonly type: 'stream.reset' }): void {
    if (type.startsWith('pairing.') || type === 'stream.reset') void this.#requests.loadPairing();
    void this.#requests.load();
    void this.#form?.check();
  }

  async #loadForm(): Promise<FormStore | undefined> {
    const { signal } = this.#calls;
    const part = await this.#formPart.fetch();
    if (part && !signal.aborted) this.#form ??= new part.FormStore(this.#host, this.#calls);
    return this.#form;
  }

  readonly #open = async (): Promise<void> => {
    const { signal } = this.#calls;
    this.#wanted = true;
    this.requestUpdate();
    const form = await this.#loadForm();
    if (signal.aborted || !form) return;
    this.#wanted = false;
    form.open();
    this.requestUpdate();
  };

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.#form?.followPatient();
  }

  protected override updated(): void {
    this.setStates(...this.#states());
    const { list } = this.#requests;
    if (list.kind === 'ready') this.#listPart.part?.drawRequests(this.renderRoot, this.#requestList(list));
  }

  #states(): StateName[] {
    const { list, pairing } = this.#requests;
    const form = this.#form?.request.kind;
    const link = this.link?.state.kind;
    // The list is there, and the code that shows it is not; an empty one needs none.
    const unseen = list.kind === 'ready' && list.items.length > 0 && !this.#listPart.part;
    const failed =
      link === 'failed' ||
      link === 'expired' ||
      list.kind === 'failed' ||
      (unseen && this.#listPart.failed) ||
      form === 'blocked';
    const states: StateName[] = [];
    if (failed) states.push('error');
    else if (
      form === 'opening' ||
      (this.#wanted && !this.#formPart.failed) ||
      (list.kind === 'loading' && this.#hasChart) ||
      unseen
    )
      states.push('loading');
    if (link === 'offline') states.push('offline');
    if (list.kind === 'ready' && list.items.length === 0) states.push('empty');
    if (pairing !== null) states.push(pairing.state === 'paired' ? 'paired' : 'unpaired');
    return states;
  }

  #identity(): Result<PatientIdentity, MissingPart[]> {
    return toIdentity(this);
  }

  get #hasChart(): boolean {
    const identity = this.#identity();
    return identity.ok || !identity.error.includes('chart_number');
  }

  async #focus(selector: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }

  protected override render(): TemplateResult {
    return frame({
      heading: msg('Scan request'),
      aside: this.#openButton(),
      body: html`${this.#hindrances()}
        <p role="status" class="notice success" ?hidden=${!this.#isSent}>
          ${this.#isSent ? msg('Sent. The request is open on the scanner.') : nothing}
        </p>
        ${this.#requestView()} ${this.#listView()}`,
    });
  }

  get #isSent(): boolean {
    const request = this.#form?.request;
    if (request?.kind !== 'closed' || request.sent === null) return false;
    const { list } = this.#requests;
    // Said until the list knows better: cancelled, or scanned.
    return list.kind !== 'ready' || !list.items.some(({ id, state }) => id === request.sent && state !== 'sent');
  }

  get #isOpen(): boolean {
    return this.#wanted || (this.#form !== undefined && this.#form.request.kind !== 'closed');
  }

  get #isPaired(): boolean {
    const { pairing } = this.#requests;
    return pairing === null || pairing.state === 'paired';
  }

  #openButton(): TemplateResult | typeof nothing {
    const identity = this.#identity();
    if (this.#isOpen || (identity.ok && !this.has('scan-request:write'))) return nothing;
    return html`<button
      type="button"
      id="open"
      part="open-button"
      class="primary"
      ?disabled=${!identity.ok || !this.#isPaired || this.link?.state.kind !== 'ready'}
      aria-describedby=${identity.ok ? nothing : 'missing'}
      @click=${this.#open}
    >
      ${msg('Send to scanner')}
    </button>`;
  }

  /** What keeps anything from being sent, each with what to do. */
  #hindrances(): unknown[] {
    const identity = this.#identity();
    const link = this.link?.state;
    const retry = () => this.link?.retry();
    return [
      identity.ok ? nothing : html`<p id="missing" class="notice warning">${missingText(identity.error)}</p>`,
      link?.kind === 'offline' ? offlineNotice(retry) : nothing,
      link?.kind === 'expired' ? faultView(link.fault, retry, 'warning') : nothing,
      link?.kind === 'failed' && this.#hasChart ? faultView(link.fault) : nothing,
      this.#pairingView(),
    ];
  }

  #pairingView(): TemplateResult | typeof nothing {
    const { pairing } = this.#requests;
    if (pairing === null || pairing.state === 'paired') return nothing;
    if (pairing.state === 'unpaired' || pairing.state === 'signed_in') return unpairedView();
    return html`<p class="notice warning" part="unpaired">
      ${
        pairing.state === 'lost'
          ? msg(
              'Somebody disconnected this clinic in iTero. Whoever manages the connection can connect it again in the settings.',
            )
          : msg(
              'Nobody is signed in to iTero any more. Whoever manages the connection can sign in again in the settings.',
            )
      }
    </p>`;
  }

  #requestView(): TemplateResult | typeof nothing {
    if (this.#wanted) return this.#formPart.placeholder(4, () => void this.#open());
    return (
      this.#form?.view({
        notation: this.notation,
        language: this.language,
        initialsOnly: this.initialsOnly,
        mayCorrect: this.has('patient:write'),
      }) ?? nothing
    );
  }

  #listView(): TemplateResult | typeof nothing {
    const { list } = this.#requests;
    if (!this.#hasChart) return nothing;
    if (list.kind === 'failed') return faultView(list.fault, () => void this.#requests.load());
    // Without a session nothing is on its way; the alert above says what to do.
    const stopped = this.#linkWas === 'failed' || this.#linkWas === 'expired';
    if (list.kind === 'loading') return stopped ? nothing : loadingView(2);
    if (list.items.length === 0 && this.#isOpen) return nothing;
    if (list.items.length === 0) return emptyView(msg('No scan request for this chart yet.'));
    return html`${list.stale === null ? nothing : faultView(list.stale, () => void this.#requests.load())}
    ${this.#listPart.part?.listTemplate(this.#requestList(list)) ?? this.#listPart.placeholder(2)}`;
  }

  #requestList(list: ListView['list']): ListView {
    const identity = this.#identity();
    return {
      list,
      language: this.language,
      notation: this.notation,
      initialsOnly: this.initialsOnly,
      mayWrite: this.has('scan-request:write'),
      patient: identity.ok ? identity.value : null,
      now: Date.now(),
      askCancel: (id) => {
        this.#requests.act({ type: 'ask_cancel', id });
        void this.#focus('#cancel-yes');
      },
      keep: () => this.#requests.act({ type: 'keep' }),
      cancel: () => void this.#requests.cancelRequest(),
    };
  }
}
