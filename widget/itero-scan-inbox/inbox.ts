import type { PairingStateName } from '../../shared/pairing.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { FullRx, ScanDetail } from '../../shared/scan.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import type { Api } from '../core/api.ts';
import { isAborted, type Fault } from '../core/fault.ts';
import type { Keep } from '../core/keep.ts';
import { EMPTY_INBOX, reduceInbox, type InboxAction, type InboxState } from './inbox-state.ts';
import { KEPT_AS, OUTLINES, parseOutlines, toOutline, type Outline } from './last-list.ts';
import { LinkRenewal } from './link-renewal.ts';
import { ReadMarks } from './read-marks.ts';
import { isNarrowed, parseFilter, toQuery, type ScanFilter } from './scan-filter.ts';
import { ScanReader, type ScanNews } from './scan-reader.ts';
import type { Row } from './scan-rows.ts';

/** Where the list comes from. `chartNumber` null: the whole clinic's. */
export interface InboxSource {
  readonly api: Api;
  readonly chartNumber: string | null;
  readonly keep: Keep;
}

/** What is loaded for the open case beyond its row. */
export type Extra<T> =
  | { readonly kind: 'none' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly fault: Fault };

export interface InboxHost {
  /** Something to be shown changed. */
  changed(): void;
  /** Cases came or changed; the list shows those that fit its filter. */
  arrived(news: readonly ScanNews[]): void;
  failed(fault: Fault): void;
  readonly now: () => number;
}

const NEWS = new Set<string>(['scan.received', 'scan.updated', 'scan.asset_ready', 'scan.asset_missing']);
const RECENT = 200;

/** The inbox without its looks: asks the BFF, follows the stream, and holds the state. Nothing in it is optimistic. */
export class Inbox {
  readonly #host: InboxHost;
  readonly #reader: ScanReader;
  readonly #marks: ReadMarks;
  readonly #renewal = new LinkRenewal();
  #source: InboxSource | null = null;
  #state: InboxState = EMPTY_INBOX;
  #asked = 0;
  #pairing: PairingStateName | null = null;
  #outlines: readonly Outline[] = [];
  #detail: Extra<null> = { kind: 'none' };
  #rx: Extra<FullRx> = { kind: 'none' };
  readonly #broken = new Set<string>();
  /** Cases of the present news that could be read; the filter may still keep them out of the list. */
  readonly #found = new Set<string>();

  constructor(host: InboxHost) {
    this.#host = host;
    this.#reader = new ScanReader({
      read: async (orderId, news) => {
        const answer = await this.read(orderId, news.type !== 'scan.asset_missing');
        if (answer.ok && answer.value) this.#found.add(orderId);
      },
      readRecent: () => this.#readRecent(RECENT),
      isKnown: ({ orderId, type, version }) =>
        version !== null &&
        (type === 'scan.received' || type === 'scan.updated') &&
        this.row(orderId)?.scan.version === version,
      settled: (news) => void this.#settled(news),
    });
    this.#marks = new ReadMarks({
      now: host.now,
      send: ({ orderId, version, read }) => this.#sendMark(orderId, version, read),
    });
  }

  get state(): InboxState {
    return this.#state;
  }

  /** Null until it is known. */
  get pairing(): PairingStateName | null {
    return this.#pairing;
  }

  /** The last list, without names, for the time until the first answer. */
  get outlines(): readonly Outline[] {
    return this.#outlines;
  }

  get detail(): Extra<null> {
    return this.#detail;
  }

  get rx(): Extra<FullRx> {
    return this.#rx;
  }

  /** Links of pictures that failed and are not renewed for the moment. */
  get broken(): ReadonlySet<string> {
    return this.#broken;
  }

  row(orderId: string): Row | undefined {
    return this.#state.rows.find(({ scan }) => scan.orderId === orderId);
  }

  /** A session is there (again): loads, or after an interruption sends what waited and shows pictures again. */
  async start(source: InboxSource): Promise<void> {
    this.#broken.clear();
    if (this.#source !== null) {
      if (this.#state.load.kind === 'failed') void this.load();
      await this.#marks.flush();
      return;
    }
    this.#source = source;
    const marks = this.#marks.use(source.keep);
    const clinicWide = source.chartNumber === null;
    const [filter, outlines] = await Promise.all([
      source.keep.get(filterKey(source)),
      clinicWide ? source.keep.get(KEPT_AS) : undefined,
    ]);
    if (this.#source !== source) return;
    this.#outlines = parseOutlines(outlines);
    void this.#readPairing(source);
    const loaded = this.load(parseFilter(filter, clinicWide));
    await marks;
    await this.#marks.flush();
    await loaded;
  }

  /** What was kept of the last list, shown while there is no connection yet. */
  async showOutlines(keep: Keep): Promise<void> {
    const outlines = parseOutlines(await keep.get(KEPT_AS));
    if (this.#source !== null) return;
    this.#outlines = outlines;
    this.#host.changed();
  }

  /** Another patient or user, or the element left: everything goes. */
  drop(): void {
    this.#source = null;
    this.#pairing = null;
    this.#outlines = [];
    this.#detail = { kind: 'none' };
    this.#rx = { kind: 'none' };
    this.#broken.clear();
    this.#found.clear();
    this.#reader.clear();
    this.#renewal.clear();
    this.#dispatch({ type: 'dropped' });
  }

  async load(filter: ScanFilter = this.#state.filter): Promise<void> {
    const source = this.#source;
    if (!source) return;
    const asked = ++this.#asked;
    this.#dispatch({ type: 'list.asked', asked, filter });
    const answer = await source.api.searchScans(toQuery(filter, source.chartNumber, null));
    if (source !== this.#source) return;
    if (answer.ok) {
      this.#dispatch({ type: 'page.answered', listing: asked, asked, list: answer.value, at: this.#host.now() });
      if (source.chartNumber === null && !isNarrowed(filter)) {
        await source.keep.set(KEPT_AS, answer.value.items.slice(0, OUTLINES).map(toOutline));
      }
    } else if (!isAborted(answer.error)) {
      this.#dispatch({ type: 'list.failed', asked, fault: answer.error });
      this.#host.failed(answer.error);
    }
  }

  async narrow(filter: ScanFilter): Promise<void> {
    const source = this.#source;
    if (!source) return;
    await Promise.all([this.load(filter), source.keep.set(filterKey(source), filter)]);
  }

  async loadMore(): Promise<void> {
    const source = this.#source;
    const { cursor, paging, load, listing, filter } = this.#state;
    if (!source || cursor === null || paging.kind === 'loading' || load.kind !== 'ready') return;
    const asked = ++this.#asked;
    this.#dispatch({ type: 'page.asked' });
    const answer = await source.api.searchScans(toQuery(filter, source.chartNumber, cursor));
    if (source !== this.#source) return;
    if (answer.ok) this.#dispatch({ type: 'page.answered', listing, asked, list: answer.value, at: this.#host.now() });
    else if (answer.error.code === 'invalid_cursor') await this.load();
    else if (!isAborted(answer.error)) this.#dispatch({ type: 'page.failed', listing, fault: answer.error });
  }

  /** Reads one case again: new state, new links, history. A case that is not there any more leaves the list. */
  async read(orderId: string, highlight = false): Promise<Result<ScanDetail | null, Fault>> {
    const source = this.#source;
    if (!source) return ok(null);
    const asked = ++this.#asked;
    const answer = await source.api.scan(orderId);
    if (source !== this.#source) return ok(null);
    if (answer.ok) {
      this.#dispatch({ type: 'scan.answered', asked, scan: answer.value, at: this.#host.now(), highlight });
    } else if (answer.error.code === 'not_found') this.#dispatch({ type: 'scan.gone', asked, orderId });
    return answer;
  }

  async open(orderId: string): Promise<void> {
    this.#rx = { kind: 'none' };
    this.#detail = { kind: 'loading' };
    this.#dispatch({ type: 'opened', orderId });
    await this.look(orderId);
  }

  close(): void {
    this.#dispatch({ type: 'closed' });
  }

  /** The person looks at this case: reads it whole, and marks as read what is shown. */
  async look(orderId: string): Promise<void> {
    const row = this.row(orderId);
    if (row?.scan.unread === true) void this.mark(orderId, true);
    await this.#readDetail(orderId);
  }

  async mark(orderId: string, read: boolean): Promise<void> {
    const row = this.row(orderId);
    if (row) await this.#marks.mark(orderId, row.scan.version, read);
  }

  async #readDetail(orderId: string): Promise<void> {
    const isOpen = (): boolean => this.#state.open === orderId;
    if (isOpen()) this.#detail = { kind: 'loading' };
    const answer = await this.read(orderId);
    if (!isOpen()) return;
    this.#detail = answer.ok ? { kind: 'ready', value: null } : { kind: 'failed', fault: answer.error };
    this.#host.changed();
  }

  async readRx(): Promise<void> {
    const { open } = this.#state;
    if (!this.#source || open === null || this.#rx.kind === 'loading' || this.#rx.kind === 'ready') return;
    const source = this.#source;
    this.#rx = { kind: 'loading' };
    this.#host.changed();
    const answer = await source.api.rx(open);
    if (source !== this.#source || this.#state.open !== open) return;
    this.#rx = answer.ok ? { kind: 'ready', value: answer.value } : { kind: 'failed', fault: answer.error };
    this.#host.changed();
  }

  /** A picture did not load. Its link is renewed by reading the case again, and not more often than makes sense. */
  async pictureFailed(orderId: string, link: string): Promise<void> {
    const pictures = this.row(orderId)?.scan.thumbnails ?? [];
    if (!pictures.some(({ small, full }) => small === link || full === link)) return;
    if (this.#renewal.mayRenew(orderId, this.#host.now())) await this.read(orderId);
    else {
      this.#broken.add(link);
      this.#host.changed();
    }
  }

  /** Tries again the pictures of these rows that were given up for a while. */
  retryPictures(rows: readonly Row[]): void {
    for (const { scan } of rows) {
      const failed = scan.thumbnails.some(({ small }) => this.#broken.has(small));
      if (failed && this.#renewal.mayRenew(scan.orderId, this.#host.now())) void this.read(scan.orderId);
    }
  }

  streamEvent(event: StreamEvent | { readonly type: 'stream.reset' }): void {
    if (!this.#source) return;
    if (event.type.startsWith('pairing.') || event.type === 'stream.reset') {
      void this.load();
      void this.#readPairing(this.#source);
    }
    if (!('data' in event) || event.data.orderId === undefined) return;
    const { orderId, version = null } = event.data;
    if (event.type === 'scan.removed') {
      this.#reader.remove(orderId);
      this.#dispatch({ type: 'scan.gone', asked: ++this.#asked, orderId });
      void this.#readRecent(1);
    } else if (NEWS.has(event.type)) this.#reader.add({ orderId, type: event.type as ScanNews['type'], version });
  }

  fade(): void {
    if (this.#state.fresh.size > 0) this.#dispatch({ type: 'fresh.faded' });
  }

  async #settled(news: readonly ScanNews[]): Promise<void> {
    const { open } = this.#state;
    const told = news.filter(({ orderId }) => this.#found.has(orderId) || this.row(orderId));
    this.#found.clear();
    if (told.length > 0) this.#host.arrived(told);
    if (open !== null && this.row(open)?.history === null) void this.#readDetail(open);
    await Promise.all([this.#readRecent(1), this.#marks.flush()]);
  }

  /** The newest cases of all, with the counts that only a list answer holds. */
  async #readRecent(limit: number): Promise<void> {
    const source = this.#source;
    if (!source) return;
    const asked = ++this.#asked;
    const { chartNumber } = source;
    const answer = await source.api.searchScans({ ...(chartNumber !== null && { chartNumber }), limit });
    if (source !== this.#source || !answer.ok) return;
    this.#dispatch({ type: 'recent.answered', asked, list: answer.value, at: this.#host.now() });
  }

  async #readPairing(source: InboxSource): Promise<void> {
    const answer = await source.api.pairing();
    if (source !== this.#source || !answer.ok) return;
    this.#pairing = answer.value.state;
    this.#host.changed();
  }

  async #sendMark(orderId: string, version: string, read: boolean): Promise<Result<unknown, Fault>> {
    const source = this.#source;
    const asked = ++this.#asked;
    if (!source) return { ok: false, error: { code: 'aborted', displayMessage: '', retryable: false } };
    const answer = await source.api.markRead(orderId, version, read);
    if (source === this.#source && answer.ok) {
      this.#dispatch({ type: 'read.answered', asked, orderId, version, read, unread: answer.value.unread });
    }
    return answer;
  }

  #dispatch(action: InboxAction): void {
    this.#state = reduceInbox(this.#state, action);
    this.#host.changed();
  }
}

/** A filter of the clinic's inbox must not hide a scan in a patient's chart. */
function filterKey({ chartNumber }: InboxSource): string {
  return chartNumber === null ? 'inbox-filter' : 'inbox-filter-patient';
}
