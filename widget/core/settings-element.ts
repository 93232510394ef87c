import { css, LitElement, type CSSResultGroup, type PropertyDeclarations } from 'lit';
import type { FetchSession } from './session-source.ts';
import type { ToothNotation } from './tooth-notation.ts';

/** The attributes that an element and the providers around it have in common, and what follows from `theme` alone. */
export abstract class SettingsElement extends LitElement {
  static override styles: CSSResultGroup = css`
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
}
