import { css } from 'lit';

export const styles = css`
  .clinic {
    display: flex;
    flex-wrap: wrap;
    align-items: start;
    justify-content: space-between;
    gap: calc(var(--_unit) * 2);
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: calc(var(--_unit) * 1.5);
    font-weight: 500;
  }
  .state::before {
    content: '';
    inline-size: 10px;
    block-size: 10px;
    border-radius: 50%;
    background: currentColor;
  }
  .state.attention::before {
    border-radius: 2px;
    rotate: 45deg;
  }
  .well {
    color: var(--_success);
  }
  .attention,
  .failing {
    color: var(--_warning);
  }
  .ledger {
    padding: calc(var(--_unit) * 2) calc(var(--_unit) * 3);
    border-radius: var(--_radius);
    background: var(--_raised);
    font-variant-numeric: tabular-nums;
  }
  .ledger summary {
    inline-size: fit-content;
    min-block-size: 24px;
    color: var(--_secondary);
    font-size: var(--_small);
    cursor: pointer;
  }
  .meaning {
    display: grid;
    gap: calc(var(--_unit) * 2) calc(var(--_unit) * 4);
    padding-block: calc(var(--_unit) * 1.5) calc(var(--_unit) * 2);
  }
  .meaning dt {
    font-weight: 500;
  }
  .meaning dd {
    color: var(--_secondary);
  }
  .logins li {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    justify-content: space-between;
    gap: 0 calc(var(--_unit) * 3);
    padding-block: calc(var(--_unit) * 1.5);
    border-block-end: 1px solid var(--_border);
    overflow-wrap: anywhere;
  }
  .logins li:last-child {
    border: 0;
  }
  .problem {
    margin-block: calc(var(--_unit) * 2);
  }
  .facts {
    display: grid;
    gap: calc(var(--_unit) * 2) calc(var(--_unit) * 4);
    padding-block-start: calc(var(--_unit) * 1.5);
  }
  .facts dt {
    color: var(--_secondary);
    font-size: var(--_small);
  }
  @container (min-width: 420px) {
    .facts {
      grid-template-columns: repeat(3, 1fr);
    }
    .meaning > div {
      display: grid;
      grid-template-columns: minmax(8rem, 1fr) 4fr;
    }
    .wide {
      grid-column: 1 / -1;
    }
  }
  .accounts {
    display: grid;
    gap: calc(var(--_unit) * 2);
    padding-block: calc(var(--_unit) * 2);
  }
  form.stack {
    justify-items: stretch;
  }
  .account {
    display: flex;
    gap: calc(var(--_unit) * 2);
    padding: calc(var(--_unit) * 2) calc(var(--_unit) * 3);
    border: 1px solid var(--_strong-border);
    border-radius: var(--_radius);
    cursor: pointer;
  }
  .account:has(:checked) {
    border-color: var(--_primary);
    box-shadow: inset 0 0 0 1px var(--_primary);
  }
  .account.off {
    border-style: dashed;
    color: var(--_secondary);
    cursor: default;
  }
  .account .small {
    display: block;
    font-weight: 400;
  }
  .flush {
    padding: 0;
  }
  .end {
    justify-content: flex-end;
  }
  .bullets {
    display: grid;
    gap: calc(var(--_unit) * 2);
    padding-inline-start: 1.25em;
    list-style: disc;
  }
  dialog {
    inline-size: min(32rem, calc(100vw - 32px));
    max-block-size: calc(100vh - 32px);
    padding: calc(var(--_unit) * 5);
    border: 1px solid var(--_border);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_background);
    color: var(--_text);
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 0.45);
  }
`;
