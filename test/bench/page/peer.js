/** Bare @lit-labs/virtualizer: all 10,000 cases are in memory; rows by our own template and styles, or as plain text. */
import '@lit-labs/virtualizer';
import { html, LitElement } from 'lit';
import { IteroElement } from '../../../widget/core/itero-element.ts';
import { inboxStyles } from '../../../widget/itero-scan-inbox/itero-scan-inbox.styles.ts';
import { renderCase } from '../../../widget/itero-scan-inbox/scan-row.ts';
import { cases, covers, painted, VIEW_PX } from './measure.js';

const scans = cases();
const place = { open: false, fresh: false, tabbable: false };
const nothing = () => undefined;
const rowView = {
  language: 'en',
  now: Date.now(),
  initialsOnly: false,
  clinicWide: true,
  url: (link) => link,
  broken: new Set(),
  toggle: nothing,
  look: nothing,
  pictureFailed: nothing,
};

const ROWS = {
  same: (scan) =>
    html`<div class="row" style="inline-size: 100%">
      ${renderCase({ scan, history: null, asked: 0, linksAt: 0 }, place, rowView)}
    </div>`,
  text: (scan) => html`<div class="row">${scan.patient.lastName}, ${scan.procedure}, ${scan.orderCode}</div>`,
};

class BareList extends LitElement {
  static styles = [IteroElement.styles, inboxStyles];
  static properties = { kind: {} };

  render() {
    return html`<lit-virtualizer
      scroller
      style="display: block; block-size: ${VIEW_PX}px"
      .items=${scans}
      .renderItem=${ROWS[this.kind]}
    ></lit-virtualizer>`;
  }
}
customElements.define('bare-list', BareList);

window.bench = {
  /** @param kind of row. From the element to the first frame that its rows fill (ms). */
  async paint(kind) {
    const begun = performance.now();
    const list = document.createElement('bare-list');
    list.kind = kind;
    document.body.append(list);
    const view = () => list.renderRoot.querySelector('lit-virtualizer');
    return (await painted(() => covers(list.renderRoot.querySelectorAll('.row'), view()))) - begun;
  },
};
