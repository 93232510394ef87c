import { nothing, type TemplateResult } from 'lit';
import type { View } from '../../shared/scan.ts';
import { adoptLate } from '../core/adopt-late.ts';
import { LazyPart } from '../core/lazy-part.ts';
import type { CaseDesk, CaseDeskHost } from './case-desk.ts';
import type { Inbox } from './inbox.ts';
import type { LightboxOptions } from './lightbox.ts';
import type { DetailLook } from './scan-detail.ts';
import type { Row } from './scan-rows.ts';

/** What the case needs of its element. */
export interface CaseDoor extends LightboxOptions {
  readonly emit: (event: Event) => void;
}

/** Opens cases: their part is fetched when the first list is there, or when the first case is opened before that. */
export class CaseOpener {
  readonly #inbox: Inbox;
  readonly #desk: LazyPart<CaseDesk>;
  /** Grows when the list goes to another patient: what was wanted before that is not shown any more. */
  #round = 0;

  constructor(host: CaseDeskHost, inbox: Inbox, door: CaseDoor) {
    this.#inbox = inbox;
    this.#desk = new LazyPart(
      async () => {
        const { CaseDesk, detailStyles } = await import('./case-desk.ts');
        adoptLate(host.renderRoot, detailStyles);
        return new CaseDesk(host, inbox, door);
      },
      () => host.requestUpdate(),
    );
  }

  /** The case whose pictures are shown large. */
  get looksAt(): string | null {
    return this.#desk.part?.lightbox.orderId ?? null;
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

  drop(): void {
    this.#round += 1;
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

  renderLightbox(): TemplateResult | typeof nothing {
    return this.#desk.part?.lightbox.render() ?? nothing;
  }
}
