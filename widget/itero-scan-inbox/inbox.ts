import type { Pairing, PairingStateName } from '../../shared/pairing.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { ScanDetail } from '../../shared/scan.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import type { Api } from '../core/api.ts';
import { ABORTED, isAborted, type Fault } from '../core/fault.ts';
import type { Keep } from '../core/keep.ts';
import { EMPTY_INBOX, reduceInbox, type InboxAction, type InboxState } from './inbox-state.ts';
import { KEPT_AS, toOutlines, type Outline } from './last-list.ts';
import { isNarrowed, NO_FILTER, parseFilter, toQuery, type ScanFilter } from './scan-filter.ts';
import { ScanReader, type ScanNews } from './scan-reader.ts';
import type { Row } from './scan-rows.ts';

/** Where the list comes from. `chartNumber` null: the whole clinic's. */
export interface InboxSource {
  readonly api: Api;
  readonly chartNumber: string | null;
  readonly keep: Keep;
  /** Whether the session may know how the clinic is connected. */
  readonly readsPairing: boolean;
}

export interface InboxHost {
  /** Something to be shown changed. */
  changed(): void;
  /** Cases came or changed; the list shows those that fit its filter. */
  arrived(news: readonly ScanNews[]): void;
  failed(fault: Fault): void;
  /** The list is up to date again after an interruption, or after news. */
  settled(): void;
  readonly now: () => number;
}

const NEWS = new Set<string>(['scan.received', 'scan.updated', 'scan.asset_ready', 'scan.asset_missing']);
const RECENT = 200;
/** The last word about a case, or nobody waits for one: after any other fault it is read again. */
const FINAL = new Set<string>(['not_found', 'forbidden', 'aborted']);

/** The inbox without its looks: asks the BFF, follows the stream, and holds the state. Nothing in it is optimistic. */
export class Inbox {
  readonly #host: InboxHost;
  readonly #reader: ScanReader;
  #source: InboxSource | null = null;
  #state: InboxState = EMPTY_INBOX;
  #asked = 0;
  #pairing: Pairing | null = null;
  /** Number of the look that it comes from. */
  #pairingAsked = 0;
  /** Grows at `drop`: what was asked for before that no longer counts. */
  #round = 0;
  #outlines: readonly Outline[] = [];
  /** Cases of the present news that could be read; the filter may still keep them out of the list. */
  readonly #found = new Set<string>();

  constructor(host: InboxHost) {
    this.#host = host;
    this.#reader = new ScanReader({
      read: async (orderId, news) => {
        const answer = await this.read(orderId, news.type !== 'scan.asset_missing');
        if (answer.ok && answer.value) this.#found.add(orderId);
        return answer.ok || FINAL.has(answer.error.code);
      },
      readRecent: () => this.#readRecent(RECENT),
      isKnown: ({ orderId, type, version }) =>
        version !== null &&
        (type === 'scan.received' || type === 'scan.updated') &&
        this.row(orderId)?.scan.version === version,
      settled: (news) => void this.#settled(news),
    });
  }

  /** Null until there is a session. */
  get source(): InboxSource | null {
    return this.#source;
  }

  get state(): InboxState {
    return this.#state;
  }

  /** Null until it is known. */
  get clinic(): Pairing | null {
    return this.#pairing;
  }

  get pairing(): PairingStateName | null {
    return this.#pairing?.state ?? null;
  }

  /** The last list, without names, for the time until the first answer. */
  get outlines(): readonly Outline[] {
    return this.#outlines;
  }

  row(orderId: string): Row | undefined {
    return this.#state.rows.find(({ scan }) => scan.orderId === orderId);
  }

  /** A session is there (again): loads, or after an interruption does what waited. */
  async start(source: InboxSource): Promise<void> {
    if (this.#source !== null) {
      if (this.#state.load.kind === 'failed') void this.load();
      if (this.#pairing === null) void this.readPairing();
      this.#reader.hurry();
      this.#host.settled();
      return;
    }
    this.#source = source;
    void this.readPairing();
    // Nobody waits for the browser's store: the plain list is asked for at once, and narrowed where a filter was kept.
    void this.load(NO_FILTER);
    const filter = await this.#recall(source);
    if (this.#source === source && isNarrowed(filter) && this.#state.filter === NO_FILTER) await this.load(filter);
  }

  async #recall({ keep, chartNumber }: InboxSource): Promise<ScanFilter> {
    if (chartNumber === null) void this.showOutlines(keep);
    return parseFilter(await keep.get(filterKey(chartNumber)), chartNumber === null);
  }

  /** What was kept of the last list, shown until there is one. */
  async showOutlines(keep: Keep): Promise<void> {
    const round = this.#round;
    const outlines = toOutlines(await keep.get(KEPT_AS));
    if (this.#round !== round) return;
    this.#outlines = outlines;
    this.#host.changed();
  }

  /** Another patient or user, or the element left: everything goes. */
  drop(): void {
    this.#round += 1;
    this.#source = null;
    this.#pairing = null;
    this.#outlines = [];
    this.#found.clear();
    this.#reader.clear();
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
      const { open } = this.#state;
      // What is open stays in view where the list does not hold it: a filter hides it, or it left the patient unheard.
      if (open !== null && !answer.value.items.some(({ orderId }) => orderId === open)) void this.read(open);
      this.#host.settled();
      if (source.chartNumber === null && !isNarrowed(filter)) {
        await source.keep.set(KEPT_AS, toOutlines(answer.value.items));
      }
    } else if (!isAborted(answer.error) && asked === this.#state.listing) {
      this.#dispatch({ type: 'list.failed', asked, fault: answer.error });
      this.#host.failed(answer.error);
    }
  }

  async narrow(filter: ScanFilter): Promise<void> {
    const source = this.#source;
    if (!source) return;
    await Promise.all([this.load(filter), source.keep.set(filterKey(source.chartNumber), filter)]);
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

  open(orderId: string): void {
    this.#dispatch({ type: 'opened', orderId });
  }

  close(): void {
    this.#dispatch({ type: 'closed' });
  }

  streamEvent(event: StreamEvent | { readonly type: 'stream.reset' }): void {
    if (!this.#source) return;
    if (event.type.startsWith('pairing.') || event.type === 'stream.reset') {
      void this.load();
      void this.readPairing();
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
    const told = news.filter(({ orderId }) => this.#found.has(orderId) || this.row(orderId));
    this.#found.clear();
    if (told.length > 0) this.#host.arrived(told);
    this.#host.settled();
    await this.#readRecent(1);
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

  async readPairing(): Promise<void> {
    const source = this.#source;
    if (source?.readsPairing !== true) return;
    const asked = ++this.#asked;
    const answer = await source.api.pairing();
    if (source !== this.#source || !answer.ok || asked < this.#pairingAsked) return;
    this.#pairingAsked = asked;
    this.#pairing = answer.value;
    this.#host.changed();
  }

  async sendMark(orderId: string, version: string, read: boolean): Promise<Result<unknown, Fault>> {
    const source = this.#source;
    const asked = ++this.#asked;
    if (!source) return fail(ABORTED);
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
function filterKey(chartNumber: string | null): string {
  return chartNumber === null ? 'inbox-filter' : 'inbox-filter-patient';
}
