import { css, html, LitElement, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { FetchSession } from '../core/session-source.ts';
import { PROVIDER_CHANGE } from '../core/settings.ts';
import type { ToothNotation } from '../core/tooth-notation.ts';

/**
 * @summary Common attributes for every iTero element inside it; an element's own attributes go first.
 * @slot - The page's content.
 */
export class IteroProvider extends LitElement {
  static override styles = css`
    :host {
      display: contents;
    }
    :host([theme='light']) {
      color-scheme: light;
    }
    :host([theme='dark']) {
      color-scheme: dark;
    }
  `;
  static override properties: PropertyDeclarations = {
    apiBase: { attribute: 'api-base' },
    session: {},
    sessionUrl: { attribute: 'session-url' },
    fetchSession: { attribute: false },
    theme: { reflect: true },
    toothNotation: { attribute: 'tooth-notation' },
    privacy: { type: Boolean },
  };

  declare apiBase: string | null;
  declare session: string | null;
  declare sessionUrl: string | null;
  declare fetchSession: FetchSession | undefined;
  declare theme: 'auto' | 'light' | 'dark' | null;
  declare toothNotation: ToothNotation | null;
  declare privacy: boolean;

  static override get observedAttributes(): string[] {
    return [...super.observedAttributes, 'lang'];
  }

  override attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    super.attributeChangedCallback(name, before, value);
    if (name === 'lang') this.requestUpdate();
  }

  protected override updated(): void {
    // Elements inside looked this provider up by its tag, perhaps before it was upgraded: they read it again now.
    this.dispatchEvent(new Event(PROVIDER_CHANGE));
  }

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}
