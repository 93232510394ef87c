import { css } from 'lit';

export const detailStyles = css`
  .danger-text {
    color: var(--_danger);
  }
  .facts-list .my-itero,
  .detail .my-itero {
    justify-self: start;
  }
  .detail {
    display: grid;
    gap: calc(var(--_unit) * 4);
    padding: calc(var(--_unit) * 2) calc(var(--_unit) * 4) calc(var(--_unit) * 5);
  }
  .detail > * {
    min-inline-size: 0;
  }
  .detail h4 {
    margin: 0;
    font-size: var(--_small);
    font-weight: 600;
    color: var(--_secondary);
  }
  .full-flow,
  .history {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .full-flow {
    display: flex;
    gap: 4px;
    font-size: var(--_small);
    line-height: 1.3;
    color: var(--_secondary);
  }
  .full-flow li {
    position: relative;
    flex: 1;
    display: grid;
    gap: 4px;
    align-content: start;
    min-inline-size: 0;
    overflow-wrap: anywhere;
  }
  @container (max-width: 559px) {
    .full-flow .now {
      flex: 4;
    }
    .full-flow li:not(.now) span {
      position: absolute;
      overflow: hidden;
      inline-size: 1px;
      block-size: 1px;
      clip-path: inset(50%);
    }
  }
  .full-flow i {
    block-size: 5px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--_text) 16%, var(--_background));
  }
  .full-flow .done i {
    background: color-mix(in srgb, var(--_success) 55%, var(--_background));
  }
  .full-flow .now i {
    background: var(--_success);
  }
  .full-flow.rescan .now i {
    background: var(--_warning);
  }
  .full-flow .now {
    color: var(--_text);
    font-weight: 600;
  }
  .full-flow small {
    display: block;
    font-size: 1em;
    font-weight: 400;
    color: var(--_secondary);
  }
  .gallery {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(8.5rem, 45%), 1fr));
    gap: calc(var(--_unit) * 2);
  }
  .gallery button {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    justify-content: stretch;
    justify-items: center;
    inline-size: 100%;
    gap: 2px;
    padding: 3px;
    border-color: var(--_border);
    font-size: var(--_small);
    font-weight: 400;
    cursor: zoom-in;
  }
  .columns {
    display: grid;
    gap: calc(var(--_unit) * 4) calc(var(--_unit) * 8);
  }
  .column {
    display: grid;
    gap: calc(var(--_unit) * 4);
    align-content: start;
    min-inline-size: 0;
  }
  .facts-list {
    display: grid;
    grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr);
    gap: var(--_unit) calc(var(--_unit) * 4);
  }
  .facts-list dt {
    color: var(--_secondary);
  }
  .facts-list dd {
    overflow-wrap: anywhere;
  }
  .detail .missing h4 {
    color: inherit;
    font-size: inherit;
  }
  .missing .my-itero {
    display: inline-block;
  }
  .support {
    display: grid;
    gap: var(--_unit);
    padding-block-start: var(--_unit);
  }
  .support summary {
    inline-size: fit-content;
    min-block-size: 24px;
    font-size: var(--_small);
    color: var(--_secondary);
    cursor: pointer;
  }
  .support pre {
    margin: var(--_unit) 0 0;
    padding: calc(var(--_unit) * 2);
    border-radius: var(--_radius);
    background: var(--_raised);
    font-size: var(--_small);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    user-select: all;
  }
  .button small {
    font-weight: 400;
    color: var(--_secondary);
  }
  .steps-to-do {
    display: grid;
    gap: var(--_unit);
    margin: 0;
    padding-inline-start: 1.4em;
  }
  .steps-to-do [aria-current] {
    font-weight: 600;
  }
  .rx summary {
    min-block-size: 24px;
    font-weight: 600;
    cursor: pointer;
  }
  .rx > :not(summary) {
    margin-block-start: calc(var(--_unit) * 2);
  }
  .notes {
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .history {
    display: grid;
    gap: calc(var(--_unit) * 2);
  }
  .history li {
    padding-inline-start: calc(var(--_unit) * 3);
    border-inline-start: 2px solid var(--_border);
  }
  .history li:first-child {
    border-color: var(--_success);
  }
  @container (min-width: 480px) {
    .gallery {
      grid-template-columns: repeat(3, minmax(0, 1fr));
    }
  }
  @container (min-width: 600px) {
    .columns {
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    }
  }
  @container (min-width: 720px) {
    .gallery {
      grid-template-columns: repeat(6, minmax(0, 1fr));
    }
  }

  /* Pictures are looked at on dark ground in both schemes. */
  .viewer {
    --_background: #0c1014;
    --_text: #eef2f6;
    --_secondary: #b4bec9;
    --_primary: #8fc0ff;
    --_border: #36404b;
    --_strong-border: #77848f;
    --_raised: #1d242c;
    grid-template-rows: auto minmax(0, 1fr) auto;
    inline-size: 100vw;
    block-size: 100vh;
    block-size: 100dvh;
    max-inline-size: none;
    max-block-size: none;
    margin: 0;
    padding: 0;
    border: 0;
    border-radius: 0;
    background: var(--_background);
    color: var(--_text);
    color-scheme: dark;
  }
  .viewer[open] {
    display: grid;
  }
  .viewer header,
  .viewer footer {
    display: flex;
    align-items: center;
    gap: calc(var(--_unit) * 2);
    padding: calc(var(--_unit) * 2) calc(var(--_unit) * 3);
  }
  .viewer header {
    flex-wrap: wrap;
  }
  .viewer header p {
    flex: 1 1 12rem;
    display: grid;
    min-inline-size: 0;
    line-height: 1.3;
  }
  .viewer header small {
    color: var(--_secondary);
    font-size: var(--_small);
    overflow-wrap: anywhere;
  }
  .viewer [aria-pressed='true'] {
    border-color: var(--_primary);
    color: var(--_primary);
  }
  .viewer footer {
    justify-content: center;
  }
  .viewer footer > button {
    min-inline-size: 44px;
    min-block-size: 44px;
    font-size: 1.5em;
    line-height: 1;
  }
  .stage {
    overflow: hidden;
    display: grid;
    place-items: center;
    cursor: zoom-in;
    min-inline-size: 0;
    outline-offset: -2px;
  }
  .stage img {
    max-inline-size: 100%;
    max-block-size: 100%;
    object-fit: contain;
    min-inline-size: 0;
    min-block-size: 0;
  }
  .stage img.small {
    inline-size: 100%;
    block-size: 100%;
  }
  .stage.zoomed {
    overflow: auto;
    place-items: safe center;
    cursor: zoom-out;
  }
  .stage.zoomed img {
    max-inline-size: none;
    max-block-size: none;
  }
  .strip:is(footer *) {
    grid-template-columns: repeat(6, minmax(0, 6rem));
    cursor: default;
  }
  .viewer .strip button {
    padding: 2px;
    border: 2px solid transparent;
    background: none;
  }
  .viewer .strip [aria-current='true'] {
    border-color: var(--_primary);
  }
  .viewer .strip img {
    display: block;
    inline-size: 100%;
    aspect-ratio: 16 / 9;
    border-radius: 2px;
    background: var(--_raised);
    object-fit: cover;
  }
`;
