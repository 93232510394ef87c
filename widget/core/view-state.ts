import { html, nothing, type TemplateResult } from 'lit';
import type { Fault } from './fault.ts';
import { msg, str } from './localize.ts';

export interface Frame {
  readonly heading: string;
  /** Beside the heading, before the page's own `actions`. */
  readonly aside?: TemplateResult | typeof nothing;
  readonly body: unknown;
}

/** The outline of every element: root part `base`, slots `heading` and `actions`, then the body. */
export function frame({ heading, aside = nothing, body }: Frame): TemplateResult {
  return html`<section class="base" part="base" aria-labelledby="heading">
    <header class="head" part="header">
      <div id="heading" tabindex="-1">
        <slot name="heading"><h2>${heading}</h2></slot>
      </div>
      ${aside}<slot name="actions"></slot>
    </header>
    <div class="body" part="body">${body}</div>
  </section>`;
}

export function loadingView(lines = 3): TemplateResult {
  return html`<slot name="loading">
    <div class="skeleton" part="loading" role="status">
      <span class="hidden-visually">${msg('Loading')}</span>
      ${Array.from({ length: lines }, () => html`<i></i>`)}
    </div>
  </slot>`;
}

/** What went wrong and what to do; `again` where trying again may help. */
export function faultView(fault: Fault, again?: () => void, tone: 'danger' | 'warning' = 'danger'): TemplateResult {
  return html`<slot name="error">
    <div class="notice ${tone}" part="error" role="alert">
      <p>${fault.displayMessage}</p>
      ${again ? html`<button type="button" @click=${again}>${msg('Try again')}</button>` : nothing}
      ${requestIdLine(fault)}
    </div>
  </slot>`;
}

function requestIdLine(fault: Fault): TemplateResult | typeof nothing {
  if (fault.requestId === undefined) return nothing;
  return html`<p class="small secondary">${msg(str`Number for support: ${fault.requestId}`)}</p>`;
}

export function emptyView(text: string): TemplateResult {
  return html`<slot name="empty"><p class="secondary" part="empty">${text}</p></slot>`;
}

/** Above what was loaded before: it stays readable. */
export function offlineNotice(again?: () => void): TemplateResult {
  return html`<div class="notice warning" part="offline" role="status">
    <p>${msg('No connection to the scanner service. What you see may be old; it is tried again by itself.')}</p>
    ${again ? html`<button type="button" @click=${again}>${msg('Try now')}</button>` : nothing}
  </div>`;
}

/** For elements that need a connected clinic. */
export function unpairedView(): TemplateResult {
  return html`<slot name="empty">
    <div class="notice" part="unpaired">
      <p>
        ${msg(
          'This clinic is not connected to iTero. Connect it in the settings, or ask whoever manages the iTero connection.',
        )}
      </p>
    </div>
  </slot>`;
}
