import type { TemplateResult } from 'lit';
import type { View } from '../../shared/scan.ts';
import { adoptLate } from '../core/adopt-late.ts';
import { LazyPart } from '../core/lazy-part.ts';
import type { ArrivalDoor } from './arrival-desk.ts';
import type { CaseDesk, CaseDeskHost } from './case-desk.ts';
import type { Inbox } from './inbox.ts';
import type { LightboxOptions } from './lightbox.ts';
import type { DetailLook } from './scan-detail.ts';
import type { Row } from './scan-rows.ts';

/** What the case needs of its element. */
export interface CaseDoor extends Omit<LightboxOptions, 'broken' | 'failed'>, ArrivalDoor {
  readonly emit: (event: Event) => void;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Opens cases, and the question where a scan went: their part is fetched when the first list is there, or when a person
 * wants it before that.
 */
export class CaseOpener {
  readonly #inbox: Inbox;
  readonly #desk: LazyPart<CaseDesk>;
  /** Grows when the list goes to another patient: what was wanted before that is not shown any more. */
  #round = 0;
  /** "Where did my scan go?" waits for its part. */
  #searching = false;

  constructor(host: CaseDeskHost, inbox: Inbox, door: CaseDoor) {
    this.#inbox = inbox;
    this.#desk = new LazyPart(
      async () => {
        const { CaseDesk, deskStyles } = await import('./case-desk.ts');
        for (const styles of deskStyles) adoptLate(host.renderRoot, styles);
        return new CaseDesk(host, inbox, door);
      },
      () => host.requestUpdate(),
    );
  }

  /** The case whose pictures are shown large. */
  get looksAt(): string | null {
    return this.#desk.part?.lightbox.orderId ?? null;
  }

  /** Links of pictures that failed and are not renewed for the moment. */
  get broken(): ReadonlySet<string> {
    return this.#desk.part?.pictures.broken ?? NONE;
  }

  async load(): Promise<void> {
    await this.#desk.fetch();
  }

  followUp(): void {
    void this.#desk.part?.followUp();
  }

  async open(orderId: string): Promise<void> {
    this.#inbox.open(orderId);
    const desk = await this.#desk.fetch();
    if (this.#inbox.state.open === orderId) await desk?.open(orderId);
  }

  async look(orderId: string, view: View): Promise<void> {
    const round = ++this.#round;
    const desk = await this.#desk.fetch();
    if (round !== this.#round) return;
    if (desk) desk.showPictures(orderId, view);
    // The open case says that a part is missing, and asks for it again.
    else this.#inbox.open(orderId);
  }

  readonly askWhere = async (): Promise<void> => {
    this.#searching = true;
    const desk = await this.#desk.fetch();
    if (!this.#searching || !desk) return;
    this.#searching = false;
    desk.arrivals.open();
  };

  async pictureFailed(orderId: string, link: string): Promise<void> {
    const desk = await this.#desk.fetch();
    await desk?.pictures.failed(orderId, link);
  }

  retryPictures(rows: readonly Row[]): void {
    this.#desk.part?.pictures.retry(rows);
  }

  news(type: string): void {
    this.#desk.part?.news(type);
  }

  /** The link is back. */
  resume(): void {
    this.#desk.part?.pictures.again();
  }

  drop(): void {
    this.#round += 1;
    this.#searching = false;
    this.#desk.part?.drop();
  }

  closePictures(): void {
    this.#desk.part?.lightbox.close();
  }

  renderDetail(row: Row, look: DetailLook): TemplateResult {
    return (
      this.#desk.part?.renderDetail(row, look) ?? this.#desk.placeholder(4, () => void this.open(row.scan.orderId))
    );
  }

  /** The ledger's line, or what stands for a search that waits. */
  renderArrivals(): unknown {
    return this.#searching
      ? this.#desk.placeholder(1, () => void this.askWhere())
      : this.#desk.part?.arrivals.renderLine();
  }

  renderDialogs(): unknown {
    return this.#desk.part?.renderDialogs();
  }
}
