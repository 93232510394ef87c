import { html, nothing, type ReactiveControllerHost, type TemplateResult } from 'lit';
import type { View } from '../../shared/scan.ts';
import { clientFault } from '../core/fault.ts';
import { msg } from '../core/localize.ts';
import type * as caseParts from './case-parts.ts';
import type { LightboxOptions, Lightbox } from './lightbox.ts';
import type { DetailView } from './scan-detail.ts';
import type { Row } from './scan-rows.ts';

type Parts = typeof caseParts;

export interface CaseOpenerHost extends ReactiveControllerHost {
  readonly renderRoot: ParentNode;
}

/** Detail and lightbox, fetched when the first list is there, or when the first case is opened before that. */
export class CaseOpener {
  readonly #host: CaseOpenerHost;
  readonly #options: LightboxOptions;
  #parts: Parts | null = null;
  #lightbox: Lightbox | null = null;
  #loading: Promise<void> | null = null;
  #failed = false;
  /** Pictures that the person wants to see; another patient's list takes the wish away. */
  #wanted: { orderId: string; view: View } | null = null;

  constructor(host: CaseOpenerHost, options: LightboxOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** The case whose pictures are shown large. */
  get looksAt(): string | null {
    return this.#lightbox?.orderId ?? null;
  }

  async load(): Promise<void> {
    if (this.#parts) return;
    this.#loading ??= this.#fetch();
    await this.#loading;
  }

  async #fetch(): Promise<void> {
    try {
      const parts = await import('./case-parts.ts');
      const root = this.#host.renderRoot;
      const { styleSheet } = parts.detailStyles;
      if (root instanceof ShadowRoot && styleSheet) root.adoptedStyleSheets.push(styleSheet);
      this.#lightbox = new parts.Lightbox(this.#host, this.#options);
      this.#parts = parts;
      this.#failed = false;
    } catch {
      // Offline, or a new release took the chunk away: asked for again when the next case is opened.
      this.#failed = true;
      this.#loading = null;
    }
    this.#host.requestUpdate();
  }

  async look(orderId: string, view: View): Promise<void> {
    this.#wanted = { orderId, view };
    await this.load();
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted) this.#lightbox?.show(wanted.orderId, wanted.view);
  }

  close(): void {
    this.#wanted = null;
    this.#lightbox?.close();
  }

  renderDetail(row: Row, view: DetailView): TemplateResult {
    if (this.#parts) return this.#parts.renderDetail(row, view);
    if (!this.#failed) return html`<div class="more" role="status">${msg('Loading')} …</div>`;
    return html`<div class="more" role="alert">
      <p>${clientFault('offline').displayMessage}</p>
      <button type="button" @click=${() => void this.load()}>${msg('Try again')}</button>
    </div>`;
  }

  renderLightbox(): TemplateResult | typeof nothing {
    return this.#lightbox?.render() ?? nothing;
  }
}
