import { css } from 'lit';

export const arrivalStyles = css`
  .arrivals {
    display: grid;
    align-items: center;
    gap: calc(var(--_unit) * 1.5);
    padding: calc(var(--_unit)) calc(var(--_unit) * 4);
    border-block-end: 1px solid var(--_border);
  }
  .arrivals:empty {
    display: none;
  }
  .ledger-line {
    color: var(--_secondary);
    font-size: var(--_small);
    font-variant-numeric: tabular-nums;
  }
  .where {
    inline-size: min(40rem, calc(100vw - 16px));
    max-inline-size: none;
    max-block-size: min(48rem, calc(100vh - 16px));
    max-block-size: min(48rem, calc(100dvh - 16px));
    padding: 0;
    border: 1px solid var(--_border);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_background);
    color: var(--_text);
  }
  .where[open] {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
  }
  .where::backdrop {
    background: rgb(0 0 0 / 0.45);
  }
  .where header {
    display: flex;
    align-items: center;
    gap: calc(var(--_unit) * 2);
    padding: calc(var(--_unit) * 3) calc(var(--_unit) * 4);
    border-block-end: 1px solid var(--_border);
  }
  .where header h2 {
    flex: 1;
    min-inline-size: 0;
  }
  .where-body {
    display: grid;
    gap: calc(var(--_unit) * 4);
    align-content: start;
    overflow-y: auto;
    padding: calc(var(--_unit) * 4);
    overflow-wrap: anywhere;
  }
  .where-body > * {
    min-inline-size: 0;
  }
  .where form {
    display: grid;
    gap: var(--_unit);
  }
  .where-box {
    display: flex;
    flex-wrap: wrap;
    gap: calc(var(--_unit) * 2);
  }
  .where-box input {
    flex: 1 1 10rem;
    inline-size: auto;
    min-inline-size: 0;
  }
  .findings {
    display: grid;
    gap: calc(var(--_unit) * 3);
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .findings.busy {
    opacity: 0.6;
  }
  .finding {
    --_tone: var(--_strong-border);
    display: grid;
    gap: calc(var(--_unit) * 2);
    padding: calc(var(--_unit) * 3);
    border: 1px solid var(--_border);
    border-inline-start: 4px solid var(--_tone);
    border-radius: var(--_radius);
  }
  .finding.here {
    --_tone: var(--_success);
  }
  .finding.sending,
  .finding.modeling {
    --_tone: var(--_primary);
  }
  .finding.never_opened,
  .finding.other_identity,
  .finding.files_missing,
  .finding.no_notifications,
  .finding.scanner_too_old,
  .finding.other_clinic {
    --_tone: var(--_warning);
  }
  .finding.not_connected {
    --_tone: var(--_danger);
  }
  .evidence {
    display: grid;
    gap: var(--_unit);
    font-size: var(--_small);
    font-variant-numeric: tabular-nums;
  }
  .evidence > div {
    display: flex;
    flex-wrap: wrap;
    gap: 0 calc(var(--_unit) * 3);
  }
  .evidence dt {
    flex: 0 1 9.5rem;
    color: var(--_secondary);
  }
  .evidence dd {
    flex: 1 1 10rem;
    min-inline-size: 0;
  }
  .other-words summary {
    inline-size: fit-content;
    min-block-size: 24px;
    color: var(--_secondary);
    cursor: pointer;
  }
  .other-words form {
    padding-block-start: calc(var(--_unit) * 2);
  }
`;
