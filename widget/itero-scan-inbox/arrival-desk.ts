import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Pairing } from '../../shared/pairing.ts';
import type { Scan } from '../../shared/scan.ts';
import { arrivalFault, checkedLine, ledgerLine } from '../ledger/arrival-words.ts';
import { CheckWatch } from '../ledger/check-watch.ts';
import type { Inbox, InboxSource } from './inbox.ts';
import type { DetailLook } from './scan-detail.ts';
import { pairingNotice } from './pairing-notice.ts';
import { isUnpaired } from './pairing-words.ts';
import { isNarrowed, NO_FILTER } from './scan-filter.ts';
import { WhereSearch } from './where-search.ts';
import { whereView } from './where-view.ts';

export interface ArrivalHost extends ReactiveControllerHost {
  readonly renderRoot: ParentNode;
  readonly noLedger: boolean;
  /** Of the page with the iTero connection. */
  readonly settingsUrl: string | null;
}

export interface ArrivalDoor {
  readonly look: () => DetailLook;
  readonly manages: () => boolean;
  readonly focus: (orderId: string) => Promise<void>;
}

/** Whether all scans came: the ledger's line above the list, and "Where did my scan go?". */
export class ArrivalDesk implements ReactiveController {
  readonly #host: ArrivalHost;
  readonly #inbox: Inbox;
  readonly #door: ArrivalDoor;
  readonly #checks: CheckWatch;
  readonly #search: WhereSearch;
  #source: InboxSource | null = null;
  #clinic: Pairing | null = null;
  #asked = false;
  #shown = false;
  #gone = false;

  constructor(host: ArrivalHost, inbox: Inbox, door: ArrivalDoor) {
    this.#host = host;
    this.#inbox = inbox;
    this.#door = door;
    this.#search = new WhereSearch(() => host.requestUpdate());
    this.#checks = new CheckWatch(() => void this.#readPairing());
    host.addController(this);
  }

  hostUpdated(): void {
    this.#followPairing();
    const dialog = this.#dialog;
    if (this.#asked && dialog && !dialog.open) {
      dialog.showModal();
      this.#shown = true;
      dialog.querySelector<HTMLElement>(this.#bound ? 'h2' : 'input')?.focus();
    } else if (!this.#asked && dialog?.open === true) dialog.close();
    // What had the focus is gone; outside of the dialog nothing takes it.
    else if (dialog?.open === true && !dialog.matches(':focus-within')) dialog.querySelector('h2')?.focus();
  }

  hostDisconnected(): void {
    this.drop();
  }

  /** Cases came or changed: what is counted did, too. */
  news(type: string): void {
    if (this.#clinic !== null && type.startsWith('scan.')) this.#checks.news();
  }

  open(): void {
    this.#asked = true;
    const { source } = this.#inbox;
    if (this.#bound && source) void this.#search.ask(source.api, '');
    this.#host.requestUpdate();
  }

  /** Another patient, or the element left. */
  drop(): void {
    this.#checks.stop();
    this.#source = null;
    this.#clinic = null;
    this.#close();
  }

  /** One patient's chart is told of faults and of the last check; the clinic's counts do not belong there. */
  renderLine(): TemplateResult | typeof nothing {
    const { clinic, state } = this.#inbox;
    if (clinic === null) return nothing;
    // Said in the place of the list already.
    if (isUnpaired(clinic.state) && state.load.kind === 'ready' && state.rows.length === 0 && !isNarrowed(state.filter))
      return nothing;
    const notice = pairingNotice(clinic.state, this.#door.manages());
    if (notice !== null) return html`<div class="notice warning" part="unpaired" role="status"><p>${notice}</p></div>`;
    if (this.#host.noLedger) return nothing;
    const { language, now } = this.#door.look();
    const today = new Date(now);
    const fault = arrivalFault(clinic, language, today);
    const line = this.#bound ? checkedLine(clinic.health, language, today) : ledgerLine(clinic, language, today);
    return html`<p class="ledger-line" part="ledger">${line}</p>
      ${fault === null ? nothing : html`<div class="notice warning" part="arrival-fault" role="status"><p>${fault}</p></div>`}`;
  }

  renderDialog(): TemplateResult {
    return html`<dialog class="where" part="where" aria-labelledby="where-title" @close=${this.#closed}>
      ${this.#asked ? this.#renderWhere() : nothing}
    </dialog>`;
  }

  #renderWhere(): TemplateResult {
    const { language, now, initialsOnly } = this.#door.look();
    return whereView({
      state: this.#search.state,
      bound: this.#bound,
      language,
      now: new Date(now),
      nextCheckAt: this.#inbox.clinic?.health.nextCheckAt ?? null,
      manages: this.#door.manages(),
      initialsOnly,
      gone: this.#gone,
      settings: toSettings(this.#host.settingsUrl),
      pairHere: document.querySelector('itero-pair') !== null,
      requestHere: document.querySelector('itero-scan-request') !== null,
      search: this.#searched,
      again: this.#again,
      toBox: this.#toBox,
      toPair: () => this.#toElement('itero-pair', 'heading'),
      toRequest: () => this.#toElement('itero-scan-request', 'open'),
      show: (scan) => void this.#show(scan),
      close: this.#close,
    });
  }

  get #bound(): boolean {
    return !this.#door.look().clinicWide;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.#host.renderRoot.querySelector('dialog.where');
  }

  get #box(): HTMLInputElement | null {
    return this.#host.renderRoot.querySelector('#where-text');
  }

  /** Each answer about the pairing says when it is worth asking again; without one the first look may have failed. */
  #followPairing(): void {
    const { clinic, source } = this.#inbox;
    if (clinic === this.#clinic && source === this.#source) return;
    this.#clinic = clinic;
    this.#source = source;
    if (source?.readsPairing === true) this.#checks.plan(clinic?.health.nextCheckAt ?? null);
    else this.#checks.stop();
  }

  async #readPairing(): Promise<void> {
    const { clinic, source } = this.#inbox;
    await this.#inbox.readPairing();
    // No answer: asked again later all the same.
    if (source === this.#inbox.source && clinic === this.#inbox.clinic) this.#checks.plan(null);
  }

  readonly #searched = (event: Event): void => {
    event.preventDefault();
    const { source } = this.#inbox;
    const text = this.#box?.value.trim() ?? '';
    this.#gone = false;
    if (source && text !== '') void this.#search.ask(source.api, text);
  };

  readonly #again = (): void => {
    const { source } = this.#inbox;
    this.#gone = false;
    if (source) void this.#search.ask(source.api);
  };

  readonly #toBox = (): void => {
    const box = this.#box;
    const folded = box?.closest('details');
    if (folded) folded.open = true;
    box?.focus();
    box?.select();
  };

  /** Leaves for another element of this page. */
  #toElement(tag: 'itero-pair' | 'itero-scan-request', focusId: string): void {
    this.#close();
    const element = document.querySelector<HTMLElement>(tag);
    element?.scrollIntoView({ block: 'center' });
    // Its button may not be there, or not be ready to be pressed: then its heading.
    for (const id of [focusId, 'heading']) {
      if (document.activeElement !== element) element?.shadowRoot?.getElementById(id)?.focus();
    }
  }

  readonly #close = (): void => {
    const dialog = this.#dialog;
    this.#asked = false;
    this.#shown = false;
    this.#gone = false;
    this.#search.drop();
    if (dialog?.open === true) dialog.close();
  };

  /** By Escape. The event comes a task later: one of a former closing says nothing about a dialog that is open again. */
  readonly #closed = (): void => {
    if (this.#shown && this.#dialog?.open === false) this.#close();
  };

  /** Opens the case in the list: a filter that hides it goes; an old one is listed by its day. */
  async #show({ orderId, modifiedAt }: Scan): Promise<void> {
    const inbox = this.#inbox;
    const { source } = inbox;
    // The list of another patient or user, who may have come meanwhile, is left as it is.
    const sought = (): boolean => source === inbox.source && inbox.row(orderId) === undefined;
    if (sought()) await inbox.read(orderId);
    if (sought()) await inbox.load(NO_FILTER);
    const day = dayOf(new Date(modifiedAt));
    if (sought()) await inbox.load({ ...NO_FILTER, from: day, to: day });
    if (source !== inbox.source || !this.#asked) return;
    if (sought()) {
      this.#gone = true;
      this.#host.requestUpdate();
      return;
    }
    this.#close();
    if (inbox.state.open !== orderId) this.#door.look().toggle(orderId);
    // Drawn open, so that all of it is brought into view.
    await this.#host.updateComplete;
    await this.#door.focus(orderId);
  }
}

/** Only an address that a browser opens as a page. */
function toSettings(address: string | null): string | null {
  const url = address === null ? null : URL.parse(address, document.baseURI);
  return url !== null && /^https?:$/.test(url.protocol) ? url.href : null;
}

/** The local calendar day of an instant. */
function dayOf(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
