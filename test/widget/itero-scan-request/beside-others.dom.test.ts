import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import type { IteroScanRequest } from '../../../widget/itero-scan-request/itero-scan-request.ts';
import { SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { installRequestBff, PATIENT, showRequests } from '../../support/dom/scan-request.ts';
import { scanRequest } from '../fixtures/practice.fixture.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let bff: FakeBff;

const request = (attributes = ''): string =>
  `<itero-scan-request session-url="${SESSION_URL}" ${PATIENT} ${attributes}></itero-scan-request>`;
const lists = (element: Element): boolean =>
  visibleText(element).includes('Cancel request') && !element.matches(':state(loading)');

/** The link it joins is ready before it comes: another element of the page has it already. */
describe('itero-scan-request beside other elements', () => {
  beforeEach(() => {
    bff = installRequestBff();
    showRequests(bff, scanRequest());
    bff.answer('POST', '/v1/scans/search', {
      json: { items: [], nextCursor: null, unread: 0, unmatched: 0, total: 0 },
    });
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('loads its list when it is taken out and put back while the inbox of the chart stays', async () => {
    const inbox = `<itero-scan-inbox session-url="${SESSION_URL}" chart-number="C-7"></itero-scan-inbox>`;
    const page = mount(`<div>${inbox}${request()}</div>`);
    const element = page.querySelector('itero-scan-request') as IteroScanRequest;
    await until('it lists', () => lists(element));
    element.remove();
    await nextTask();
    page.append(element);
    await element.updateComplete;
    assert.isFalse(lists(element), 'it has forgotten the list');
    await until('it lists again', () => lists(element));
  });

  it('loads the list of a chart that another place on the page shows already', async () => {
    const other = request('id="other"').replace('C-7', 'C-8');
    const page = mount(`<div>${request('id="one"')}${other}</div>`);
    const [one, two] = ['#one', '#other'].map((id) => page.querySelector(id) as IteroScanRequest);
    await until('both list', () => [one, two].every((element) => !!element && lists(element)));
    if (!one) return;
    one.chartNumber = 'C-8';
    await one.updateComplete;
    assert.isFalse(lists(one), 'it has forgotten the list');
    await until('it lists the other chart', () => lists(one));
    const charts = bff.calls.filter(({ path }) => path === '/v1/scan-requests/search').map(({ body }) => body);
    assert.deepEqual(charts.at(-1), { chartNumber: 'C-8' });
  });
});
