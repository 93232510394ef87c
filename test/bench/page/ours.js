/** `<itero-scan-inbox>` of a clinic with 10,000 cases, fed page by page as by the BFF. */
import '../../../widget/define.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { sampleDetail } from '../../widget/fixtures/scans.fixture.ts';
import { installScanClinic } from '../../support/dom/scan-clinic.ts';
import { caseAt, cases, COUNT, countNodes, covers, median, nextFrame, painted, VIEW_PX } from './measure.js';

const scans = cases();
const clinic = installScanClinic();
// Pages cut out of a sorted list: what the double costs is not what is measured.
clinic.answer('POST', '/v1/scans/search', ({ body }) => {
  const from = Number(body.cursor ?? 0);
  const to = from + (body.limit ?? 50);
  const nextCursor = to < scans.length ? String(to) : null;
  return { json: { items: scans.slice(from, to), nextCursor, unread: 1428, unmatched: 0, total: scans.length } };
});

let inbox;
const view = () => inbox.renderRoot.querySelector('.list');
const rows = () => inbox.renderRoot.querySelectorAll('li[data-id]');

window.bench = {
  /** From the element's markup to the first frame that its rows fill (ms): session, list call, stream, rendering. */
  async paint() {
    const begun = performance.now();
    inbox = document.createElement('itero-scan-inbox');
    inbox.setAttribute('session-url', SESSION_URL);
    inbox.style.setProperty('--itero-list-height', `${VIEW_PX}px`);
    document.body.append(inbox);
    return (await painted(() => covers(rows(), view()))) - begun;
  },

  /** Scrolls until all pages are listed, and back. */
  async loadAll() {
    while (!inbox.renderRoot.querySelector(`li[aria-setsize="${COUNT}"]`)) {
      view().scrollTop = view().scrollHeight;
      await nextFrame();
    }
    view().scrollTop = 0;
    await painted(() => rows()[0]?.dataset.id === scans[0].orderId && covers(rows(), view()));
    return countNodes(inbox);
  },

  /** Scans that arrive while all 10,000 are listed: from the answer, and from the event, to the painted row (ms). */
  async arrive() {
    const fromAnswer = [];
    const fromEvent = [];
    for (let index = 1; index <= 7; index += 1) {
      const scan = caseAt(COUNT + index);
      const path = `/v1/scans/${scan.orderId}`;
      const held = clinic.hold('GET', path, { json: sampleDetail(scan) });
      scans.unshift(scan);
      const told = performance.now();
      clinic.push('scan.received', { orderId: scan.orderId, version: scan.version });
      while (!clinic.calls.some((call) => call.path === path)) await nextFrame();
      const asked = performance.now();
      held.release();
      const at = await painted(() => rows()[0]?.dataset.id === scan.orderId);
      fromAnswer.push(at - asked);
      fromEvent.push(at - told);
    }
    return { fromAnswer: median(fromAnswer), fromEvent: median(fromEvent) };
  },
};
