import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { Scan, Thumbnail, View } from '../../shared/scan.ts';
import { msg, str } from '../core/localize.ts';
import { viewName } from './case-words.ts';

export interface LightboxHost extends ReactiveControllerHost {
  readonly renderRoot: ParentNode;
}

export interface LightboxOptions {
  readonly scan: (orderId: string) => Scan | undefined;
  readonly caption: (scan: Scan) => string;
  /** Whose pictures these are: they fill the screen, and the chart is behind them. */
  readonly patient: (scan: Scan) => string;
  readonly url: (link: string) => string;
  /** The link failed and is not renewed for the moment. */
  readonly broken: (link: string) => boolean;
  readonly failed: (orderId: string, link: string) => void;
}

interface Shown {
  readonly orderId: string;
  readonly view: View;
  readonly zoomed: boolean;
}

const MOVES: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 };

/** Pictures of a case, large: one dialog for the whole inbox. */
export class Lightbox implements ReactiveController {
  readonly #host: LightboxHost;
  readonly #options: LightboxOptions;
  #shown: Shown | null = null;
  /** Asked for ahead, so that the next picture is there when it is wanted. */
  readonly #ahead = new Map<string, HTMLImageElement>();

  constructor(host: LightboxHost, options: LightboxOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  get orderId(): string | null {
    return this.#shown?.orderId ?? null;
  }

  show(orderId: string, view: View): void {
    this.#set({ orderId, view, zoomed: false });
  }

  /** The patient changed, or the case left. */
  close(): void {
    const dialog = this.#dialog;
    this.#closed();
    if (dialog?.open === true) dialog.close();
  }

  hostUpdated(): void {
    const dialog = this.#dialog;
    if (this.#shown && dialog && !dialog.open) {
      dialog.showModal();
      dialog.querySelector<HTMLElement>('.stage')?.focus();
    }
    const link = this.#shown ? (this.#neighbour(1)?.full ?? null) : null;
    if (link === null || this.#ahead.has(link)) return;
    const picture = new Image();
    picture.src = this.#options.url(link);
    this.#ahead.set(link, picture);
  }

  hostDisconnected(): void {
    this.#shown = null;
    this.#ahead.clear();
  }

  render(): TemplateResult {
    const scan = this.#scan;
    const picture = this.#neighbour(0);
    return html`<dialog
      class="viewer"
      part="lightbox"
      aria-labelledby="viewer-patient"
      @cancel=${this.#closed}
      @close=${this.#closed}
      @keydown=${this.#keyDown}
    >
      ${scan && picture ? this.#renderPicture(scan, picture) : nothing}
    </dialog>`;
  }

  #renderPicture(scan: Scan, picture: Thumbnail): TemplateResult {
    const zoomed = this.#shown?.zoomed === true;
    const pictures = scan.thumbnails;
    const link = picture.full ?? picture.small;
    return html`<header>
        <p id="viewer-patient"><bdi>${this.#options.patient(scan)}</bdi></p>
        <p aria-live="polite">
          <b>${viewName(picture.view)}</b>
          <small
            >${msg(str`${pictures.indexOf(picture) + 1} of ${pictures.length}`)} · ${this.#options.caption(scan)}</small
          >
        </p>
        <button type="button" aria-pressed=${zoomed} @click=${() => void this.#zoom()}>${msg('Actual size')}</button>
        <button type="button" @click=${() => this.close()}>${msg('Close')}</button>
      </header>
      <div
        class="stage ${zoomed ? 'zoomed' : ''}"
        tabindex="0"
        role="group"
        aria-label=${viewName(picture.view)}
        @click=${(event: MouseEvent) => void this.#zoom(event)}
        @keydown=${this.#zoomKey}
      >
        ${
          this.#options.broken(link)
            ? html`<p>
                ${msg('This picture cannot be shown at the moment. Open the case in MyiTero, or try again later.')}
              </p>`
            : html`<img
                class=${picture.full === null ? 'small' : ''}
                alt=${viewName(picture.view)}
                src=${this.#options.url(link)}
                @error=${() => this.#options.failed(scan.orderId, link)}
              />`
        }
      </div>
      <footer>
        <button type="button" aria-label=${msg('Previous picture')} @click=${() => this.#move(-1)}>‹</button>
        <div class="strip">
          ${pictures.map(
            ({ view, small }) =>
              html`<button
                type="button"
                aria-label=${viewName(view)}
                aria-current=${view === picture.view ? 'true' : nothing}
                @click=${() => this.show(scan.orderId, view)}
              >
                <img alt="" src=${this.#options.url(small)} />
              </button>`,
          )}
        </div>
        <button type="button" aria-label=${msg('Next picture')} @click=${() => this.#move(1)}>›</button>
      </footer>`;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.#host.renderRoot.querySelector('dialog.viewer');
  }

  get #scan(): Scan | undefined {
    return this.#shown ? this.#options.scan(this.#shown.orderId) : undefined;
  }

  #neighbour(step: number): Thumbnail | undefined {
    const pictures = this.#scan?.thumbnails ?? [];
    const index = pictures.findIndex(({ view }) => view === this.#shown?.view);
    return pictures[(Math.max(0, index) + step + pictures.length) % pictures.length];
  }

  #set(shown: Shown | null): void {
    this.#shown = shown;
    if (!shown) this.#ahead.clear();
    this.#host.requestUpdate();
  }

  #move(step: number): void {
    const next = this.#neighbour(step);
    if (this.#shown && next) this.#set({ ...this.#shown, view: next.view });
  }

  readonly #keyDown = (event: KeyboardEvent): void => {
    const step = MOVES[event.key];
    // At actual size the arrows move the picture under the window, as in any scrolled region.
    const pans = this.#shown?.zoomed === true && event.key.startsWith('Arrow');
    if (step === undefined || pans || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const mirrored =
      event.key.startsWith('Arrow') && getComputedStyle(event.currentTarget as Element).direction === 'rtl';
    this.#move(mirrored ? -step : step);
  };

  readonly #zoomKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    void this.#zoom();
  };

  async #zoom(event?: MouseEvent): Promise<void> {
    if (!this.#shown) return;
    const stage = this.#dialog?.querySelector('.stage');
    const picture = stage?.querySelector('img')?.getBoundingClientRect();
    this.#set({ ...this.#shown, zoomed: !this.#shown.zoomed });
    if (!stage || !picture || event?.currentTarget !== stage) return;
    const x = (event.clientX - picture.left) / picture.width;
    const y = (event.clientY - picture.top) / picture.height;
    await this.#host.updateComplete;
    // What was clicked on comes to the middle.
    stage.scrollTo(x * stage.scrollWidth - stage.clientWidth / 2, y * stage.scrollHeight - stage.clientHeight / 2);
  }

  /** Already at Escape: `close` comes a moment later, and what is drawn in between would open it again. */
  readonly #closed = (): void => {
    if (!this.#shown) return;
    this.#set(null);
  };
}
