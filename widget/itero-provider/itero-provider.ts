import { css, html, type CSSResultGroup, type TemplateResult } from 'lit';
import { PROVIDER_CHANGE } from '../core/settings.ts';
import { SettingsElement } from '../core/settings-element.ts';

/**
 * @summary Common attributes for every iTero element inside it; an element's own attributes go first.
 * @slot - The page's content.
 */
export class IteroProvider extends SettingsElement {
  static override styles: CSSResultGroup = [
    SettingsElement.styles,
    css`
      :host {
        display: contents;
      }
    `,
  ];

  protected override updated(): void {
    // Elements inside looked this provider up by its tag, perhaps before it was upgraded: they read it again now.
    this.dispatchEvent(new Event(PROVIDER_CHANGE));
  }

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}
