import { css } from 'lit';

/** Rows are laid out by the width of the element, not of the window. */
export const inboxStyles = css`
  .base {
    position: relative;
  }
  .body {
    gap: 0;
    padding: 0;
  }
  .body > .notice,
  .body > slot > .notice,
  .body > slot > .skeleton {
    margin: calc(var(--_unit) * 3) calc(var(--_unit) * 4);
  }
  .count {
    margin-inline-end: calc(var(--_unit) * 3);
    font-size: var(--_small);
    color: var(--_secondary);
  }
  .arrivals {
    min-block-size: 30px;
  }
  .head .plain {
    margin-inline: calc(var(--_unit) * -3);
  }
  .filters {
    padding: calc(var(--_unit) * 2) calc(var(--_unit) * 4);
    border-block-end: 1px solid var(--_border);
    background: var(--_raised);
  }
  .filters select {
    inline-size: auto;
    flex: 0 1 auto;
    min-inline-size: 8rem;
  }
  .filters .day {
    display: inline-flex;
    align-items: center;
    gap: var(--_unit);
    font-weight: 400;
    color: var(--_secondary);
    font-size: var(--_small);
  }
  .filters .day input {
    inline-size: auto;
    color: var(--_text);
  }
  @container (max-width: 559px) {
    .filters {
      display: grid;
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .filters > select,
    .filters > .plain {
      grid-column: 1 / -1;
      inline-size: 100%;
    }
    .filters .row {
      display: contents;
    }
    .filters .day {
      display: grid;
    }
    .filters .day input {
      inline-size: 100%;
      padding-inline: 4px;
    }
  }
  .quick b {
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .quick[aria-pressed='true'] {
    border-color: var(--_primary);
    box-shadow: inset 0 0 0 1px var(--_primary);
    color: var(--_primary);
  }
  .list {
    position: relative;
    overflow-y: auto;
    overflow-anchor: none;
    max-block-size: var(--itero-list-height, max(22rem, 72vh));
  }
  /* Two things that scroll are one too many for a thumb. */
  @media (max-width: 599px) {
    .list {
      max-block-size: var(--itero-list-height, none);
    }
  }
  .list > ul {
    position: relative;
    contain: layout;
  }
  .list li[data-id] {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
    border-block-end: 1px solid var(--_border);
    background: var(--_background);
  }
  .list li.open {
    box-shadow: inset 3px 0 0 var(--_primary);
  }
  .list.dim {
    color: var(--_secondary);
  }
  .list.dim .steps {
    opacity: 0.5;
    filter: grayscale(1);
  }
  .list.dim li {
    position: static;
    padding: calc(var(--_unit) * 3) calc(var(--_unit) * 4);
  }
  @media (prefers-reduced-motion: no-preference) {
    .list li.fresh {
      animation: itero-arrived 2.4s ease-out;
    }
  }
  @keyframes itero-arrived {
    from {
      background: color-mix(in srgb, var(--_primary) 18%, var(--_background));
    }
  }
  .pill {
    position: absolute;
    z-index: 2;
    inset-block-start: calc(var(--_unit) * 2);
    inset-inline: 0;
    margin-inline: auto;
    inline-size: fit-content;
    border-radius: 99px;
    box-shadow: 0 2px 8px rgb(0 0 0 / 0.25);
  }
  .list-frame {
    position: relative;
  }
  .more,
  .nothing {
    display: grid;
    gap: calc(var(--_unit) * 2);
    justify-items: center;
    text-align: center;
    padding: calc(var(--_unit) * 4);
  }
  .nothing {
    padding-block: calc(var(--_unit) * 8);
  }
  .case {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    grid-template-areas: 'what what' 'strip strip' 'flow link';
    align-items: center;
    gap: calc(var(--_unit) * 2) calc(var(--_unit) * 3);
    padding: calc(var(--_unit) * 3) calc(var(--_unit) * 4);
  }
  .what {
    grid-area: what;
    display: grid;
    gap: var(--_unit);
    min-inline-size: 0;
  }
  .case h3 {
    min-inline-size: 0;
  }
  .title {
    justify-content: start;
    min-block-size: 28px;
    max-inline-size: 100%;
    padding: 2px;
    border: 0;
    background: none;
    text-align: start;
    font-weight: 600;
  }
  .title:hover {
    background: none;
    text-decoration: underline;
    text-decoration-color: var(--_border);
    text-underline-offset: 3px;
  }
  .title > span {
    overflow-wrap: anywhere;
  }
  .title small {
    margin-inline-start: 0.75em;
    font-size: 1em;
    font-weight: 400;
    color: var(--_secondary);
  }
  .title::after {
    content: '';
    flex: none;
    inline-size: 0.45em;
    block-size: 0.45em;
    margin-inline: 8px 4px;
    border: solid var(--_secondary);
    border-width: 0 2px 2px 0;
    transform: translateY(-15%) rotate(45deg);
  }
  .title[aria-expanded='true']::after {
    transform: translateY(15%) rotate(225deg);
  }
  .unread {
    flex: none;
    inline-size: 9px;
    block-size: 9px;
    border-radius: 50%;
    background: var(--_primary);
  }
  .chart {
    padding-inline: 0.4em;
    border-radius: 3px;
    background: var(--_raised);
    font-weight: 400;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 0 calc(var(--_unit) * 3);
    padding-inline-start: 2px;
    color: var(--_secondary);
    font-size: var(--_small);
    overflow-wrap: anywhere;
  }
  .marks {
    display: flex;
    flex-wrap: wrap;
    gap: var(--_unit) calc(var(--_unit) * 1.5);
  }
  .mark {
    --_tone: var(--_secondary);
    padding: 0 calc(var(--_unit) * 1.5);
    border: 1px solid color-mix(in srgb, var(--_tone) 40%, var(--_background));
    border-radius: 4px;
    color: var(--_tone);
    font-size: var(--_small);
  }
  .mark.new {
    --_tone: var(--_primary);
    font-weight: 600;
  }
  .mark.good {
    --_tone: var(--_success);
  }
  .mark.warning {
    --_tone: var(--_warning);
  }
  .mark.danger {
    --_tone: var(--_danger);
    font-weight: 600;
  }
  .strip {
    grid-area: strip;
    display: grid;
    grid-template-columns: repeat(6, minmax(0, 1fr));
    gap: 2px;
    min-block-size: 24px;
    padding: 2px;
    border: 0;
    border-radius: 4px;
    background: none;
    cursor: zoom-in;
  }
  .strip.none {
    grid-template-columns: 1fr;
    place-items: center;
    padding: calc(var(--_unit) * 2);
    border: 1px dashed var(--_border);
    color: var(--_secondary);
    font-size: var(--_small);
    text-align: center;
    cursor: default;
  }
  .thumb {
    display: block;
    inline-size: 100%;
    block-size: auto;
    aspect-ratio: 16 / 9;
    border-radius: 3px;
    background: color-mix(in srgb, var(--_text) 12%, var(--_background));
    object-fit: cover;
  }
  .flow {
    grid-area: flow;
    display: grid;
    gap: 2px;
    font-size: var(--_small);
    line-height: 1.3;
  }
  .flow b {
    font-weight: 500;
    overflow-wrap: anywhere;
  }
  .flow > span:last-child:not(.steps) {
    color: var(--_secondary);
  }
  .steps {
    display: flex;
    gap: 3px;
    inline-size: 96px;
  }
  .steps i {
    flex: 1;
    block-size: 5px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--_text) 16%, var(--_background));
  }
  .steps .done {
    background: color-mix(in srgb, var(--_success) 55%, var(--_background));
  }
  .steps .now {
    background: var(--_success);
  }
  .rescan .steps .now {
    background: var(--_warning);
  }
  .my-itero {
    grid-area: link;
    justify-self: end;
    padding: 4px;
    font-size: var(--_small);
    line-height: 1.3;
  }
  .my-itero::after {
    content: ' ↗' / '';
  }
  @container (min-width: 560px) {
    .case {
      grid-template-columns: calc(var(--itero-thumb-size, 72px) * 3 + 8px) minmax(0, 1fr) auto;
      grid-template-areas: 'strip what what' 'strip flow link';
      row-gap: var(--_unit);
    }
    .strip {
      grid-template-columns: repeat(3, minmax(0, 1fr));
      align-self: start;
    }
    .strip.none {
      min-block-size: 4.5rem;
      align-self: stretch;
    }
    .flow {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 2px calc(var(--_unit) * 2);
    }
  }
  @container (min-width: 900px) {
    .case {
      grid-template-columns: calc(var(--itero-thumb-size, 72px) * 3 + 8px) minmax(0, 1fr) 150px auto;
      grid-template-areas: 'strip what flow link';
    }
    .flow {
      display: grid;
      gap: 3px;
    }
  }
`;
