import { css } from 'lit';

export const listStyles = css`
  .grow {
    flex: 1 1 auto;
    overflow-wrap: anywhere;
  }
  .start {
    justify-self: start;
  }
  .requests {
    display: grid;
  }
  .request {
    display: grid;
    gap: var(--_unit);
    padding-block: calc(var(--_unit) * 2.5);
    border-block-start: 1px solid var(--_border);
  }
  .request:first-child {
    border-block-start: 0;
    padding-block-start: 0;
  }
  .request:last-child {
    padding-block-end: 0;
  }
  .request .plain {
    margin-inline-start: calc(var(--_unit) * -3);
  }
  .state-sent {
    border-color: var(--_primary);
    color: var(--_primary);
  }
  .state-scanned {
    border-color: var(--_success);
    color: var(--_success);
  }
  .state-unconfirmed {
    border-color: var(--_warning);
    color: var(--_warning);
  }
  .state-refused {
    border-color: var(--_danger);
    color: var(--_danger);
  }
  details > .requests {
    margin-block-start: calc(var(--_unit) * 2.5);
  }
  summary {
    min-block-size: 24px;
    color: var(--_secondary);
    cursor: pointer;
  }
`;
