import { css } from 'lit';

/**
 * The look. Public `--itero-*` properties are inherited from the page; the private `--_*` hold their defaults.
 * `light-dark()` follows the colour scheme of the page (`color-scheme`), not of the operating system.
 */
export const tokens = css`
  :host {
    --_primary: var(--itero-color-primary, light-dark(#0b63c5, #7fb7ff));
    /* White or black, whichever reads better: the page may set any primary colour in either scheme. */
    --_on-primary: oklch(from var(--_primary) clamp(0, (0.58 - l) * 1000, 1) 0 0);
    --_background: var(--itero-color-background, light-dark(#fff, #14181d));
    --_text: var(--itero-color-text, light-dark(#17202b, #e8edf3));
    --_secondary: var(--itero-color-secondary-text, light-dark(#535f6d, #a7b3c1));
    --_border: var(--itero-color-border, light-dark(#d5dce4, #333d49));
    --_strong-border: light-dark(#7d8a99, #7b899a);
    --_danger: var(--itero-color-danger, light-dark(#b3261e, #ff9c93));
    --_success: var(--itero-color-success, light-dark(#17693a, #7bd7a0));
    --_warning: var(--itero-color-warning, light-dark(#855300, #f3c164));
    --_raised: color-mix(in srgb, var(--_text) 5%, var(--_background));
    --_radius: var(--itero-border-radius, 6px);
    --_unit: var(--itero-spacing-unit, 4px);
    --_size: var(--itero-font-size-base, 14px);
    --_small: calc(var(--_size) * 0.875);
    --_focus: var(--itero-focus-ring, 2px solid var(--_primary));
    display: block;
    container-type: inline-size;
    color: var(--_text);
    font: 400 var(--_size) / 1.45 var(--itero-font-family, system-ui, sans-serif);
    text-align: start;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  .base {
    background: var(--_background);
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    overflow: clip;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(var(--_unit) * 2);
    padding: calc(var(--_unit) * 2.5) calc(var(--_unit) * 4);
    border-block-end: 1px solid var(--_border);
  }
  .head > :first-child {
    flex: 1 1 auto;
  }
  .body {
    display: grid;
    gap: calc(var(--_unit) * 4);
    padding: calc(var(--_unit) * 4);
  }
  .body > * {
    min-inline-size: 0;
  }
  h2,
  h3,
  p,
  ul,
  dl,
  dd,
  fieldset {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  fieldset {
    border: 0;
    min-inline-size: 0;
  }
  h2 {
    font-size: calc(var(--_size) * 1.125);
    font-weight: 600;
    line-height: 1.3;
  }
  h3 {
    font-size: var(--_size);
    font-weight: 600;
  }
  a {
    color: var(--_primary);
  }
  .secondary {
    color: var(--_secondary);
  }
  .small {
    font-size: var(--_small);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: calc(var(--_unit) * 2);
  }
  .stack {
    display: grid;
    gap: calc(var(--_unit) * 2);
    justify-items: start;
  }
  .tag {
    display: inline-block;
    padding: 0 calc(var(--_unit) * 1.5);
    border: 1px solid var(--_strong-border);
    border-radius: 99px;
    font-size: var(--_small);
    line-height: 1.4;
    color: var(--_secondary);
    white-space: nowrap;
  }
  button,
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: calc(var(--_unit) * 1.5);
    min-block-size: 32px;
    padding: calc(var(--_unit)) calc(var(--_unit) * 3);
    border: 1px solid var(--_strong-border);
    border-radius: var(--_radius);
    background: var(--_background);
    color: var(--_text);
    font: inherit;
    font-weight: 500;
    text-decoration: none;
    cursor: pointer;
  }
  button:hover,
  .button:hover {
    background: var(--_raised);
  }
  button.primary,
  .button.primary {
    border-color: var(--_primary);
    background: var(--_primary);
    color: var(--_on-primary);
  }
  button.primary:hover,
  .button.primary:hover {
    background: color-mix(in srgb, var(--_primary) 88%, var(--_text));
  }
  button.danger {
    border-color: var(--_danger);
    color: var(--_danger);
  }
  button.plain {
    border-color: transparent;
    background: none;
    color: var(--_primary);
  }
  button:disabled,
  button[aria-disabled='true'] {
    border-color: var(--_border);
    background: var(--_raised);
    color: var(--_secondary);
    cursor: default;
  }
  label,
  legend {
    font-weight: 500;
    padding: 0;
  }
  input,
  select,
  textarea {
    font: inherit;
    color: inherit;
    accent-color: var(--_primary);
  }
  select,
  textarea,
  input:not([type='radio'], [type='checkbox']) {
    inline-size: 100%;
    min-block-size: 32px;
    padding: var(--_unit) calc(var(--_unit) * 2);
    border: 1px solid var(--_strong-border);
    border-radius: var(--_radius);
    background: var(--_background);
  }
  input[type='radio'],
  input[type='checkbox'] {
    inline-size: 18px;
    block-size: 18px;
    margin: 3px;
    flex: none;
  }
  :focus-visible {
    outline: var(--_focus);
    outline-offset: 2px;
  }
  .notice {
    --_tone: var(--_primary);
    display: grid;
    gap: calc(var(--_unit) * 2);
    justify-items: start;
    padding: calc(var(--_unit) * 2.5) calc(var(--_unit) * 3);
    border: 1px solid color-mix(in srgb, var(--_tone) 45%, var(--_background));
    border-inline-start: 4px solid var(--_tone);
    border-radius: var(--_radius);
    background: color-mix(in srgb, var(--_tone) 7%, var(--_background));
    overflow-wrap: anywhere;
  }
  .notice.danger {
    --_tone: var(--_danger);
  }
  .notice.warning {
    --_tone: var(--_warning);
  }
  .notice.success {
    --_tone: var(--_success);
  }
  .skeleton {
    display: grid;
    gap: calc(var(--_unit) * 2.5);
  }
  .skeleton i {
    display: block;
    block-size: 1em;
    border-radius: var(--_radius);
    background: color-mix(in srgb, var(--_text) 10%, var(--_background));
  }
  .skeleton i:nth-child(2n) {
    inline-size: 80%;
  }
  .skeleton i:nth-child(3n) {
    inline-size: 55%;
  }
  @media (prefers-reduced-motion: no-preference) {
    .skeleton i {
      animation: itero-breathe 1.6s ease-in-out infinite alternate;
    }
  }
  @keyframes itero-breathe {
    to {
      opacity: 0.45;
    }
  }
  .hidden-visually {
    position: absolute !important;
    inline-size: 1px;
    block-size: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (forced-colors: active) {
    .skeleton i {
      border: 1px solid CanvasText;
    }
  }
`;
