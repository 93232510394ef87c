import { css } from 'lit';

/**
 * Chosen teeth differ by fill, tick, heavier outline and bold number, so that none of them has to carry it alone.
 * The `--_*` properties come from the element around (core/tokens).
 */
export const toothChartStyles = css`
  :host {
    display: grid;
    gap: calc(var(--_unit, 4px) * 2);
    max-inline-size: 22rem;
  }
  svg {
    direction: ltr;
    inline-size: 100%;
    block-size: auto;
    overflow: visible;
    user-select: none;
    touch-action: manipulation;
  }
  text {
    fill: var(--_text);
    font-size: 11.5px;
    text-anchor: middle;
    dominant-baseline: central;
  }
  .marks text {
    fill: var(--_secondary);
    font-size: 12px;
    font-weight: 600;
  }
  .marks line {
    stroke: var(--_border);
  }
  .tooth {
    cursor: pointer;
    outline: none;
  }
  path {
    vector-effect: non-scaling-stroke;
    fill: none;
  }
  .outline {
    fill: light-dark(#fdfaf2, #2a3038);
    stroke: var(--_strong-border);
    stroke-width: 1.25;
  }
  .relief {
    stroke: var(--_strong-border);
    stroke-opacity: 0.55;
  }
  .halo {
    stroke: none;
  }
  .tick {
    visibility: hidden;
    stroke: var(--_on-primary);
    stroke-width: 2.5;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .tooth:hover .outline {
    fill: color-mix(in srgb, var(--_primary) 18%, var(--_background));
  }
  [aria-checked='true'] .outline,
  [aria-checked='true']:hover .outline {
    fill: var(--_primary);
    stroke: var(--_text);
    stroke-width: 2;
  }
  [aria-checked='true'] .relief {
    stroke: none;
  }
  [aria-checked='true'] .tick {
    visibility: visible;
  }
  [aria-checked='true'] text {
    font-weight: 700;
  }
  .tooth:focus-visible .halo {
    stroke: var(--_primary);
    stroke-width: 8;
  }
  .tooth:focus-visible .outline {
    stroke: var(--_background);
    stroke-width: 3;
  }
  :host([disabled]) .tooth {
    cursor: default;
    opacity: 0.6;
  }
  .entry {
    display: grid;
    gap: var(--_unit, 4px);
  }
  label {
    font-weight: 500;
  }
  input {
    box-sizing: border-box;
    inline-size: 100%;
    min-block-size: 32px;
    padding: var(--_unit) calc(var(--_unit) * 2);
    border: 1px solid var(--_strong-border);
    border-radius: var(--_radius);
    background: var(--_background);
    color: inherit;
    font: inherit;
  }
  input::placeholder {
    color: var(--_secondary);
    opacity: 1;
  }
  input[aria-invalid='true'] {
    border-color: var(--_danger);
  }
  input:focus-visible {
    outline: var(--_focus);
    outline-offset: 2px;
  }
  p {
    margin: 0;
    color: var(--_danger);
    font-size: var(--_small);
  }
  @media (forced-colors: active) {
    text,
    .marks text {
      fill: CanvasText;
    }
    .outline {
      fill: Canvas;
      stroke: CanvasText;
    }
    .relief {
      stroke: GrayText;
      stroke-opacity: 1;
    }
    [aria-checked='true'] .outline,
    [aria-checked='true']:hover .outline {
      fill: Highlight;
      stroke: CanvasText;
    }
    .tick {
      stroke: HighlightText;
    }
    .tooth:focus-visible .halo {
      stroke: Highlight;
    }
    .tooth:focus-visible .outline {
      stroke: Canvas;
    }
  }
`;
