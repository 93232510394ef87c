import {
  html,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from 'lit';
import type { View } from '../../shared/scan.ts';
import type { ComponentName } from '../../shared/session.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import {
  IteroErrorEvent,
  IteroScanOpenedEvent,
  IteroScanReceivedEvent,
  IteroScanUpdatedEvent,
  IteroUnreadChangeEvent,
} from '../core/events.ts';
import { IteroElement } from '../core/itero-element.ts';
import { fetchKeep, openKeep } from '../core/keep.ts';
import { formatTime, msg, str } from '../core/localize.ts';
import type { LinkState } from '../core/page-link.ts';
import { faultView, frame, loadingView, offlineNotice, unpairedView } from '../core/view-state.ts';
import { toLabel } from '../core/tooth-notation.ts';
import { CaseOpener } from './case-opener.ts';
import { drawCases, renderList, renderOutlines, type ListView } from './case-list.ts';
import { countWords, renderFilters, renderNothing, type FilterView } from './filter-bar.ts';
import { Inbox } from './inbox.ts';
import { inboxStyles } from './itero-scan-inbox.styles.ts';
import { listKey } from './list-keys.ts';
import { isUnpaired } from './pairing-words.ts';
import { stateNames } from './state-names.ts';
import type { RowKey, Span } from './row-layout.ts';
import type { DetailLook } from './scan-detail.ts';
import { isNarrowed } from './scan-filter.ts';
import type { ScanNews } from './scan-reader.ts';
import { countUpTo, type Row } from './scan-rows.ts';
import { VirtualList } from './virtual-list.ts';
import { patientName, procedureName } from './words.ts';

const TICK_MS = 60_000;
const FRESH_MS = 6_000;
/** The list is painted before detail and lightbox are fetched. */
const SOON_MS = 500;
/** Rows before the end of what is listed at which the next page is asked for. */
const AHEAD = 15;
/** A patient's list this short needs no filter. */
const FEW = 5;

/**
 * The scans of one patient, or of the clinic, newest first; new ones appear by themselves.
 *
 * @summary Inbox of intraoral scans.
 * @tag itero-scan-inbox
 *
 * @attr chart-number - The patient whose scans are shown; without it the clinic's.
 * @attr no-filters - Hides the filters.
 * @attr no-downloads - Hides the files.
 * @attr no-history - Hides statuses and versions.
 * @attr no-ledger - Hides the count of cases and when they were checked.
 * @attr no-where - Hides "Where did my scan go?".
 * @attr settings-url - Address of the page with `itero-pair`, for "Open the settings".
 *
 * @slot heading - Instead of the heading.
 * @slot actions - Beside the heading.
 * @slot empty - When nothing is listed, with a next step.
 * @slot error - Instead of what went wrong.
 * @slot loading - While the first page loads.
 *
 * @fires itero-ready @fires itero-error @fires itero-session-expired
 * @fires itero-scan-received - A new scan is shown. `{orderId, version}`
 * @fires itero-scan-updated - A scan shown has new files or another state. `{orderId, version}`
 * @fires itero-scan-opened - The person opened a scan or its pictures. `{orderId, version}`
 * @fires itero-download - A download was started. `{orderId, version, asset}`
 * @fires itero-unread-change - `{total}` over everything the session may see.
 *
 * @csspart base @csspart header @csspart body @csspart filters @csspart list @csspart case @csspart thumbnails
 * @csspart thumbnail @csspart my-itero @csspart detail @csspart files @csspart download @csspart history @csspart rx
 * @csspart ledger @csspart arrival-fault @csspart where @csspart where-open @csspart findings @csspart finding
 * @csspart lightbox @csspart empty @csspart error @csspart offline @csspart unpaired
 * @cssproperty --itero-thumb-size - Width of a small picture (72px).
 * @cssproperty --itero-list-height - Greatest height of the list before it scrolls.
 * @cssstate loading @cssstate empty @cssstate error @cssstate offline @cssstate paired @cssstate unpaired
 */
export class IteroScanInbox extends IteroElement {
  static override component: ComponentName = 'scan_inbox';
  static override styles: CSSResultGroup = [IteroElement.styles, inboxStyles];
  static override properties: PropertyDeclarations = {
    noFilters: { type: Boolean, attribute: 'no-filters' },
    noDownloads: { type: Boolean, attribute: 'no-downloads' },
    noHistory: { type: Boolean, attribute: 'no-history' },
    noLedger: { type: Boolean, attribute: 'no-ledger' },
    noWhere: { type: Boolean, attribute: 'no-where' },
    settingsUrl: { attribute: 'settings-url' },
  };

  declare noFilters: boolean;
  declare noDownloads: boolean;
  declare noHistory: boolean;
  declare noLedger: boolean;
  declare noWhere: boolean;
  declare settingsUrl: string | null;

  readonly #inbox = new Inbox({
    changed: () => this.requestUpdate(),
    arrived: (news) => this.#arrived(news),
    failed: (fault) => this.emit(new IteroErrorEvent(fault)),
    settled: () => this.#opener.followUp(),
    now: () => Date.now(),
  });
  readonly #list = new VirtualList(this, {
    scroller: () => this.renderRoot.querySelector<HTMLElement>('.list:not(.dim)'),
    keys: () => this.#keys(),
    draw: (list) => drawCases(list, this.#listView()),
    open: () => this.#inbox.state.open,
    holdsFocus: () => this.#opener.looksAt !== null,
    shown: (span) => this.#shown(span),
  });
  readonly #opener: CaseOpener = new CaseOpener(this, this.#inbox, {
    scan: (orderId) => this.#inbox.row(orderId)?.scan,
    patient: (scan) => patientName(scan.patient, this.initialsOnly) || msg('No name'),
    caption: (scan) => `${procedureName(scan)} · ${formatTime(scan.scannedAt ?? scan.modifiedAt, this.language)}`,
    url: (link) => this.#url(link),
    emit: (event) => this.emit(event),
    look: () => this.#detailLook(),
    manages: () => this.has('pair:manage'),
    focus: (orderId) => this.#list.focus(orderId, true),
  });
  #rows: readonly Row[] = [];
  #rowKeys: readonly RowKey[] = [];
  #span: Span = { first: 0, end: 0 };
  #said = '';
  #above = 0;
  #unread: number | null = null;
  #tick: ReturnType<typeof setInterval> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #fading: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void fetchKeep();
    this.#tick ??= setInterval(() => {
      this.#opener.retryPictures(this.#inbox.state.rows.slice(this.#span.first, this.#span.end));
      this.requestUpdate();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    queueMicrotask(() => {
      if (this.isConnected) return;
      clearInterval(this.#tick);
      clearTimeout(this.#soon);
      this.#tick = undefined;
      this.#soon = undefined;
      this.dropData();
    });
  }

  protected override dropData(): void {
    clearTimeout(this.#fading);
    this.#opener.drop();
    this.#inbox.drop();
    this.#said = '';
    this.#above = 0;
    this.#unread = null;
  }

  protected override linkChanged(state: LinkState): void {
    const { link, claims } = this;
    if (!link || !claims) return;
    // Lit leaves a property without its attribute undefined.
    const chartNumber = this.chartNumber ?? null;
    const source = { api: link.api, chartNumber, keep: openKeep(claims), readsPairing: this.has('pair:read') };
    if (state.kind === 'ready') {
      void this.#inbox.start(source);
      this.#opener.resume();
    } else if (state.kind === 'offline' && chartNumber === null) void this.#inbox.showOutlines(openKeep(claims));
  }

  protected override streamEvent(event: StreamEvent | { readonly type: 'stream.reset' }): void {
    this.#inbox.streamEvent(event);
    this.#opener.news(event.type);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { looksAt } = this.#opener;
    if (looksAt !== null && !this.#inbox.row(looksAt)) this.#opener.closePictures();
    this.setStates(...stateNames(this.#inbox.state, this.link?.state.kind, this.#inbox.pairing));
  }

  protected override updated(): void {
    if (this.#inbox.state.load.kind === 'ready') this.#soon ??= setTimeout(() => void this.#opener.load(), SOON_MS);
    const { counts } = this.#inbox.state;
    if (counts && counts.unread !== this.#unread) {
      this.#unread = counts.unread;
      this.emit(new IteroUnreadChangeEvent(counts.unread));
    }
  }

  protected override render(): TemplateResult {
    const { counts } = this.#inbox.state;
    const aside = html`${counts ? html`<span class="count">${countWords(counts, this.language)}</span>` : nothing}${this.#whereButton()}`;
    return html`${frame({ heading: this.#clinicWide ? msg('Scans of the clinic') : msg('Scans'), aside, body: this.#body() })}
      <div class="hidden-visually" role="status">${this.#said}</div>
      ${this.#opener.renderDialogs()}`;
  }

  #whereButton(): TemplateResult | typeof nothing {
    if (this.noWhere || !this.#inbox.source) return nothing;
    return html`<button type="button" class="plain" part="where-open" @click=${this.#opener.askWhere}>
      ${msg('Where did my scan go?')}
    </button>`;
  }

  get #clinicWide(): boolean {
    return (this.chartNumber ?? null) === null;
  }

  #body(): unknown {
    const { state } = this.#inbox;
    const link = this.link?.state ?? { kind: 'starting' };
    const retry = (): void => this.link?.retry();
    if (link.kind === 'failed') return faultView(link.fault);
    const notices = [
      link.kind === 'expired' ? faultView(link.fault, retry, 'warning') : nothing,
      link.kind === 'offline' ? offlineNotice(retry) : nothing,
      state.load.kind === 'failed' && link.kind !== 'expired'
        ? faultView(state.load.fault, state.load.fault.retryable ? () => void this.#inbox.load() : undefined)
        : nothing,
      html`<div class="arrivals">${this.#opener.renderArrivals()}</div>`,
    ];
    if (state.rows.length > 0) return [notices, this.#filters(), renderList(this.#listView())];
    if (state.load.kind === 'ready') return [notices, this.#filters(), this.#renderEmpty()];
    if (this.#inbox.outlines.length > 0 && !isNarrowed(state.filter))
      return [notices, renderOutlines(this.#inbox.outlines)];
    if (link.kind === 'expired' || link.kind === 'offline' || state.load.kind === 'failed') return notices;
    return [notices, state.load.kind === 'loading' ? this.#filters() : nothing, loadingView(6)];
  }

  #filterView(): FilterView {
    const { filter, counts } = this.#inbox.state;
    return {
      filter,
      counts,
      clinicWide: this.#clinicWide,
      language: this.language,
      narrow: (wanted) => {
        this.#list.toTop();
        void this.#inbox.narrow(wanted);
      },
    };
  }

  #filters(): TemplateResult | typeof nothing {
    const { filter, counts } = this.#inbox.state;
    const wanted = this.#clinicWide || isNarrowed(filter) || (counts?.total ?? 0) > FEW;
    return wanted && !this.noFilters ? renderFilters(this.#filterView()) : nothing;
  }

  #renderEmpty(): TemplateResult {
    const { filter } = this.#inbox.state;
    if (isUnpaired(this.#inbox.pairing) && !isNarrowed(filter)) return unpairedView();
    return html`<slot name="empty">${renderNothing(this.#filterView(), this.#whereButton())}</slot>`;
  }

  #keys(): readonly RowKey[] {
    const { rows } = this.#inbox.state;
    if (rows !== this.#rows) {
      this.#rows = rows;
      this.#rowKeys = rows.map(({ scan }) => ({ id: scan.orderId, stamp: scan.modifiedAt }));
    }
    return this.#rowKeys;
  }

  #listView(): ListView {
    const look = this.#detailLook();
    return {
      state: this.#inbox.state,
      indexes: this.#list.indexes(),
      current: this.#list.current,
      above: this.#above,
      view: look,
      renderDetail: (row) => this.#opener.renderDetail(row, look),
      toTop: () => this.#list.toTop(),
      loadMore: () => void this.#inbox.loadMore(),
      keyDown: this.#keyDown,
    };
  }

  #detailLook(): DetailLook {
    return {
      language: this.language,
      now: Date.now(),
      initialsOnly: this.initialsOnly,
      clinicWide: this.#clinicWide,
      broken: this.#opener.broken,
      showDownloads: !this.noDownloads && this.has('scan:download'),
      showHistory: !this.noHistory,
      url: (link) => this.#url(link),
      toothName: (adaId) => toLabel(adaId, this.notation),
      toggle: (orderId) => this.#toggle(orderId),
      look: (orderId, view) => this.#look(orderId, view),
      pictureFailed: (orderId, link) => void this.#opener.pictureFailed(orderId, link),
    };
  }

  #url(link: string): string {
    return this.link?.api.assetUrl(link) ?? '';
  }

  #toggle(orderId: string): void {
    if (this.#inbox.state.open === orderId) {
      this.#inbox.close();
      return;
    }
    this.#tellOpened(orderId);
    void this.#opener.open(orderId);
  }

  #look(orderId: string, view: View): void {
    this.#tellOpened(orderId);
    void this.#opener.look(orderId, view);
  }

  #tellOpened(orderId: string): void {
    const version = this.#inbox.row(orderId)?.scan.version ?? null;
    this.emit(new IteroScanOpenedEvent(orderId, version));
  }

  #shown(span: Span): void {
    this.#span = span;
    if (!this.#list.scrolled && this.#above > 0) {
      this.#above = 0;
      this.requestUpdate();
    }
    const { rows, listedTo, cursor, paging } = this.#inbox.state;
    if (cursor === null || paging.kind !== 'idle') return;
    if (span.end + AHEAD >= countUpTo(rows, listedTo)) void this.#inbox.loadMore();
  }

  #arrived(news: readonly ScanNews[]): void {
    const received = news.filter(({ type }) => type === 'scan.received');
    const updated = news.filter(({ type }) => type === 'scan.updated' || type === 'scan.asset_ready');
    for (const one of received) this.emit(new IteroScanReceivedEvent(one.orderId, this.#versionOf(one)));
    for (const one of updated) this.emit(new IteroScanUpdatedEvent(one.orderId, this.#versionOf(one)));
    if (this.#list.scrolled) this.#above += received.length;
    if (received.length > 0) this.#say(this.#receivedWords(received));
    else if (updated.length === 1) this.#say(msg('A scan has new files or another status'));
    else if (updated.length > 1) this.#say(msg(str`${updated.length} scans have new files or another status`));
    clearTimeout(this.#fading);
    this.#fading = setTimeout(() => this.#inbox.fade(), FRESH_MS);
    this.requestUpdate();
  }

  #receivedWords(received: readonly ScanNews[]): string {
    if (received.length > 1) return msg(str`${received.length} new scans received`);
    const scan = this.#inbox.row(received[0]?.orderId ?? '')?.scan;
    if (!scan || this.initialsOnly) return msg('New scan received');
    return msg(str`New scan received: ${patientName(scan.patient, false)}`);
  }

  #say(words: string): void {
    // The same words are read out again only when something about them differs.
    this.#said = this.#said === words ? `${words}\u00a0` : words;
  }

  #versionOf({ orderId, version }: ScanNews): string | null {
    return this.#inbox.row(orderId)?.scan.version ?? version;
  }

  readonly #keyDown = (event: KeyboardEvent): void => {
    const { rows, open } = this.#inbox.state;
    const move = listKey(event, this.#span.end - this.#span.first);
    if (move === null) return;
    event.preventDefault();
    if (move === 'close') {
      if (open !== null) this.#inbox.close();
      if (open !== null) void this.#list.focus(open);
      return;
    }
    const from = rows.findIndex(({ scan }) => scan.orderId === this.#list.current);
    const row = rows[Math.min(Math.max(0, from + move), rows.length - 1)];
    if (row) void this.#list.focus(row.scan.orderId);
  };
}
