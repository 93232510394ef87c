import { css } from 'lit';

export const formStyles = css`
  .start {
    justify-self: start;
  }
  .fault {
    color: var(--_danger);
  }
  .good {
    color: var(--_success);
  }
  .field {
    display: grid;
    gap: var(--_unit);
    align-content: start;
  }
  [aria-invalid='true'] {
    border-color: var(--_danger) !important;
  }
  .form {
    display: grid;
    gap: calc(var(--_unit) * 4);
  }
  .form > * {
    min-inline-size: 0;
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr));
    gap: calc(var(--_unit) * 3);
  }
  .teeth-row {
    display: grid;
    align-items: start;
    gap: calc(var(--_unit) * 4);
    margin-block-start: calc(var(--_unit) * 2);
  }
  .details {
    display: grid;
    align-content: start;
    justify-items: start;
    gap: calc(var(--_unit) * 3);
  }
  .tooth {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr));
    gap: calc(var(--_unit) * 2);
    inline-size: 100%;
    padding-block-end: calc(var(--_unit) * 3);
    border-block-end: 1px solid var(--_border);
  }
  /* Said once, by "Not given" in each of them. */
  .tooth label .secondary {
    display: none;
  }
  .tooth legend {
    margin-block-end: var(--_unit);
  }
  @container (inline-size >= 40rem) {
    .teeth-row {
      grid-template-columns: minmax(16rem, 20rem) minmax(0, 1fr);
      gap: calc(var(--_unit) * 7);
    }
  }
  .guard {
    display: grid;
    gap: calc(var(--_unit) * 2.5);
    padding: calc(var(--_unit) * 3);
    border: 1px solid var(--_strong-border);
    border-radius: var(--_radius);
    background: var(--_raised);
  }
  .guard dl {
    display: flex;
    flex-wrap: wrap;
    gap: calc(var(--_unit) * 2) calc(var(--_unit) * 7);
  }
  .guard dt {
    color: var(--_secondary);
    font-size: var(--_small);
  }
  .guard dd {
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .exact {
    white-space: break-spaces;
  }
  .findings {
    display: grid;
    gap: calc(var(--_unit) * 2);
  }
  .concern {
    display: flex;
    gap: calc(var(--_unit) * 2);
    align-items: start;
  }
  .concern label {
    padding-block: 2px;
  }
`;
