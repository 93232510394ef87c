import type { Inbox } from './inbox.ts';
import { LinkRenewal } from './link-renewal.ts';
import type { Row } from './scan-rows.ts';

/** Links of pictures that failed: renewed by reading their case again, and not more often than makes sense. */
export class PictureLinks {
  readonly #inbox: Inbox;
  readonly #changed: () => void;
  readonly #renewal = new LinkRenewal();
  /** Given up for a while; a new set when they may come again. */
  #broken = new Set<string>();

  constructor(inbox: Inbox, changed: () => void) {
    this.#inbox = inbox;
    this.#changed = changed;
  }

  get broken(): ReadonlySet<string> {
    return this.#broken;
  }

  /** A picture did not load. */
  async failed(orderId: string, link: string): Promise<void> {
    const inbox = this.#inbox;
    const isShown = (): boolean =>
      inbox.row(orderId)?.scan.thumbnails.some(({ small, full }) => small === link || full === link) === true;
    if (!isShown()) return;
    const broken = this.#broken;
    if (this.#renewal.mayRenew(orderId, Date.now())) await inbox.read(orderId);
    // The same link again loads nothing, and fails no second time.
    if (!isShown()) return;
    // What was answered before the clinic was connected again says nothing about now.
    if (broken !== this.#broken) return this.failed(orderId, link);
    broken.add(link);
    this.#changed();
  }

  /** Tries again those of these rows that were given up for a while. */
  retry(rows: readonly Row[]): void {
    for (const { scan } of rows) {
      const failed = scan.thumbnails.some(({ small }) => this.#broken.has(small));
      if (failed && this.#renewal.mayRenew(scan.orderId, Date.now())) void this.#inbox.read(scan.orderId);
    }
  }

  /** They may load now. */
  again(): void {
    this.#broken = new Set();
    this.#changed();
  }

  /** Whatever was known about them no longer counts. */
  forget(): void {
    this.#renewal.clear();
    this.again();
  }
}
