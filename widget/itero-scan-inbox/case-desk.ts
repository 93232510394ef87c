import type { CSSResult, TemplateResult } from 'lit';
import { routes } from '../../shared/routes.ts';
import { fullRxSchema, type AssetName, type FullRx, type View } from '../../shared/scan.ts';
import { get, requestIdOf } from '../core/api.ts';
import { IteroDownloadEvent } from '../core/events.ts';
import { ArrivalDesk, type ArrivalHost } from './arrival-desk.ts';
import type { CaseDoor } from './case-opener.ts';
import { filesHeldWords } from './case-words.ts';
import type { Inbox, InboxSource } from './inbox.ts';
import { Lightbox, type LightboxHost } from './lightbox.ts';
import { LINK_LIFE_MS } from './link-renewal.ts';
import type { Handed } from './missing-files.ts';
import { PictureLinks } from './picture-links.ts';
import { ReadMarks } from './read-marks.ts';
import { renderDetail, type DetailLook, type Extra } from './scan-detail.ts';
import { detailStyles } from './scan-detail.styles.ts';
import type { Row } from './scan-rows.ts';
import { supportDetails, supportFileName } from './support-details.ts';
import { arrivalStyles } from './where.styles.ts';

/** Request ids that the support details name. */
const REQUEST_IDS = 5;

export const deskStyles: readonly CSSResult[] = [detailStyles, arrivalStyles];

export interface CaseDeskHost extends LightboxHost, ArrivalHost {
  readonly updateComplete: Promise<boolean>;
}

/** One case that the person looks at: its pictures, files, prescription, history and read mark. A chunk of its own. */
export class CaseDesk {
  readonly lightbox: Lightbox;
  readonly arrivals: ArrivalDesk;
  readonly pictures: PictureLinks;
  readonly #host: CaseDeskHost;
  readonly #inbox: Inbox;
  readonly #door: CaseDoor;
  readonly #marks: ReadMarks;
  #source: InboxSource | null = null;
  #detail: Extra<null> = { kind: 'none' };
  #rx: Extra<FullRx> = { kind: 'none' };
  /** Why a download just failed. */
  #downloadFault: string | null = null;
  /** How far the support details of the open case got. */
  #handed: Handed = 'no';
  /** Of the newest answers about the open case. */
  #requestIds: readonly string[] = [];

  constructor(host: CaseDeskHost, inbox: Inbox, door: CaseDoor) {
    this.#host = host;
    this.#inbox = inbox;
    this.#door = door;
    this.pictures = new PictureLinks(inbox, () => host.requestUpdate());
    this.lightbox = new Lightbox(host, {
      ...door,
      broken: (link) => this.pictures.broken.has(link),
      failed: (orderId, link) => void this.pictures.failed(orderId, link),
    });
    this.arrivals = new ArrivalDesk(host, inbox, door);
    this.#marks = new ReadMarks({
      now: () => Date.now(),
      send: ({ orderId, version, read }) => inbox.sendMark(orderId, version, read),
    });
    void this.followUp();
  }

  /** The list is there (again): what was left to do is done. */
  async followUp(): Promise<void> {
    const { source, state } = this.#inbox;
    if (!source) return;
    if (source !== this.#source) {
      this.#source = source;
      await this.#marks.use(source.keep);
    }
    if (state.open !== null && this.#detail.kind !== 'none' && this.#inbox.row(state.open)?.history === null)
      void this.#readDetail(state.open);
    await this.#marks.flush();
  }

  news(type: string): void {
    if (type.startsWith('pairing.') || type === 'stream.reset') this.pictures.forget();
    this.arrivals.news(type);
  }

  drop(): void {
    this.#source = null;
    this.pictures.forget();
    this.#marks.drop();
    this.#detail = { kind: 'none' };
    this.#rx = { kind: 'none' };
    this.#downloadFault = null;
    this.#handed = 'no';
    this.#requestIds = [];
    this.lightbox.close();
    this.arrivals.drop();
  }

  renderDialogs(): TemplateResult[] {
    return [this.lightbox.render(), this.arrivals.renderDialog()];
  }

  async open(orderId: string): Promise<void> {
    this.#rx = { kind: 'none' };
    this.#detail = { kind: 'loading' };
    this.#downloadFault = null;
    this.#handed = 'no';
    this.#requestIds = [];
    await this.look(orderId);
  }

  /** The person looks at this case: reads it whole, and marks as read what is shown. */
  async look(orderId: string): Promise<void> {
    if (this.#inbox.row(orderId)?.scan.unread === true) void this.#mark(orderId, true);
    await this.#readDetail(orderId);
  }

  showPictures(orderId: string, view: View): void {
    this.lightbox.show(orderId, view);
    void this.look(orderId);
  }

  renderDetail(row: Row, look: DetailLook): TemplateResult {
    return renderDetail(row, {
      ...look,
      handed: this.#handed,
      supportText: () => this.#supportText(row),
      copySupport: () => void this.#copySupport(row),
      saveSupport: () => this.#saveSupport(row),
      detail: this.#detail,
      rx: this.#rx,
      filesHeld: filesHeldWords(this.#inbox.pairing),
      downloadFault: this.#downloadFault,
      download: (event, orderId, asset) => void this.#download(event, orderId, asset),
      mark: (orderId, read) => void this.#mark(orderId, read),
      readRx: () => void this.#readRx(),
      retry: (orderId) => void this.look(orderId),
    });
  }

  async #mark(orderId: string, read: boolean): Promise<void> {
    const row = this.#inbox.row(orderId);
    if (row) await this.#marks.mark(orderId, row.scan.version, read);
  }

  async #readDetail(orderId: string): Promise<void> {
    const isOpen = (): boolean => this.#inbox.state.open === orderId;
    if (isOpen()) this.#detail = { kind: 'loading' };
    const answer = await this.#inbox.read(orderId);
    if (!isOpen()) return;
    const requestId = answer.ok ? requestIdOf(answer.value ?? {}) : answer.error.requestId;
    if (requestId) this.#requestIds = [requestId, ...this.#requestIds].slice(0, REQUEST_IDS);
    this.#detail = answer.ok ? { kind: 'ready', value: null } : { kind: 'failed', fault: answer.error };
    this.#host.requestUpdate();
  }

  #supportText({ scan, history, recheck }: Row): string {
    const { clinic } = this.#inbox;
    return supportDetails({ scan, history, recheck, clinic, requestIds: this.#requestIds, now: new Date() });
  }

  /** Refused without the page's permission, and absent on pages without TLS: then the person copies it. */
  async #copySupport(row: Row): Promise<void> {
    const clipboard = (navigator as Partial<Navigator>).clipboard;
    const copied = await clipboard?.writeText(this.#supportText(row)).then(
      () => true,
      () => false,
    );
    this.#handed = copied === true ? 'copied' : 'by_hand';
    this.#host.requestUpdate();
  }

  #saveSupport(row: Row): void {
    const anchor = document.createElement('a');
    anchor.href = URL.createObjectURL(new Blob([this.#supportText(row)], { type: 'text/plain' }));
    anchor.download = supportFileName(row.scan);
    anchor.click();
    URL.revokeObjectURL(anchor.href);
    this.#handed = 'saved';
    this.#host.requestUpdate();
  }

  async #readRx(): Promise<void> {
    const { source, state } = this.#inbox;
    const { open } = state;
    if (!source || open === null || this.#rx.kind === 'loading' || this.#rx.kind === 'ready') return;
    this.#rx = { kind: 'loading' };
    this.#host.requestUpdate();
    const answer = await source.api.ask(fullRxSchema, get(routes.scanRx(open)));
    if (source !== this.#inbox.source || this.#inbox.state.open !== open) return;
    this.#rx = answer.ok ? { kind: 'ready', value: answer.value } : { kind: 'failed', fault: answer.error };
    this.#host.requestUpdate();
  }

  /** The link in the page may be older than it lives: then it is renewed first, and followed afterwards. */
  async #download(event: MouseEvent, orderId: string, asset: AssetName): Promise<void> {
    const row = this.#inbox.row(orderId);
    if (!row) return;
    if (Date.now() - row.linksAt < LINK_LIFE_MS) {
      this.#door.emit(new IteroDownloadEvent(orderId, row.scan.version, asset));
      return;
    }
    event.preventDefault();
    const anchor = event.currentTarget;
    const answer = await this.#inbox.read(orderId);
    // The person has left the case.
    if (this.#inbox.state.open !== orderId) return;
    this.#downloadFault = answer.ok ? null : answer.error.displayMessage;
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    if (answer.ok && anchor instanceof HTMLElement && anchor.isConnected) anchor.click();
  }
}
