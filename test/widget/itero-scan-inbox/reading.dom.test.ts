import { assert } from 'chai';
import { openKeep } from '../../../widget/core/keep.ts';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { KEPT_AS } from '../../../widget/itero-scan-inbox/last-list.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, control, mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { sampleList, sampleScan } from '../fixtures/scans.fixture.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
const inbox = (attributes = ''): IteroScanInbox =>
  mount(`<itero-scan-inbox session-url="${SESSION_URL}" ${attributes}></itero-scan-inbox>`) as IteroScanInbox;
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));
const order = (element: IteroScanInbox): (string | undefined)[] =>
  [...element.renderRoot.querySelectorAll<HTMLElement>('li[data-id]')].map(({ dataset }) => dataset['id']);
const reads = (): unknown[] => clinic.calls.filter(({ path }) => path.endsWith('/read')).map(({ body }) => body);
const press = (element: IteroScanInbox, key: string): void => {
  element.shadowRoot?.activeElement?.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true }),
  );
};
const focusedRow = (element: IteroScanInbox): string | undefined =>
  element.shadowRoot?.activeElement?.closest<HTMLElement>('li')?.dataset['id'];
const ten = (): ReturnType<typeof sampleScan>[] =>
  Array.from({ length: 10_000 }, (_, index) => sampleScan(String(100_000 + index), { minute: index, unread: false }));

async function isKept(name: string): Promise<void> {
  const keep = openKeep(clinic.owner);
  while ((await keep.get(name)) === undefined) await nextTask();
}

describe('reading the inbox', () => {
  beforeEach(() => {
    clinic = installScanClinic([sampleScan('101', { minute: 1, unread: false }), sampleScan('102', { minute: 2 })]);
  });
  afterEach(() => {
    unmount();
    clinic.restore();
  });

  it('marks the version as read that was opened, and tells the page', async () => {
    const opened: string[] = [];
    const totals: number[] = [];
    const element = inbox();
    element.addEventListener('itero-scan-opened', ({ detail }) => opened.push(detail.orderId));
    element.addEventListener('itero-unread-change', ({ detail }) => totals.push(detail.total));
    await shows(element, 'Order 102');
    control(element, /Zoë.*/).click();
    await until('it is read', () => totals.at(-1) === 0);
    assert.deepEqual(reads(), [{ version: '102-v1', read: true }]);
    assert.deepEqual(opened, ['102']);
    assert.isNull(element.renderRoot.querySelector('.unread'));
    await shows(element, 'Mark as unread');
    control(element, 'Mark as unread').click();
    await until('it is unread again', () => totals.at(-1) === 1);
  });

  it('keeps a read mark while offline, shows nothing it does not know, and sends it later', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.offline();
    control(element, /Zoë.*/).click();
    await shows(element, 'No connection to the scanner service');
    assert.isNotNull(element.renderRoot.querySelector('.unread'));
    element.remove();
    await nextTask();
    clinic.online();
    const again = inbox();
    await until('the mark was sent', () => reads().length === 1);
    await until('it is read', () => order(again).length === 2 && again.renderRoot.querySelector('.unread') === null);
  });

  it('keeps the filter for this user, and not in a patient’s chart', async () => {
    const first = inbox();
    await shows(first, 'Order 102');
    control(first, /^Unread/).click();
    await until('narrowed', () => order(first).join() === '102');
    await assertAccessible(first);
    first.remove();
    const second = inbox();
    await until('narrowed again', () => order(second).join() === '102');
    assert.equal(clinic.searches().at(-1)?.status, 'unread');
    second.remove();
    const patient = inbox('chart-number="C-100"');
    await until('all of the patient', () => order(patient).join() === '102,101');
  });

  it('says that nothing fits the filter, and shows all again', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    control(element, /^Unmatched/).click();
    await shows(element, 'No scan fits this filter');
    await assertAccessible(element);
    control(element, 'Show all').click();
    await shows(element, 'Order 101');
  });

  it('shows the last list without names, dimmed, until the first answer', async () => {
    const first = inbox();
    await shows(first, 'Order 102');
    await isKept(KEPT_AS);
    first.remove();
    const held = clinic.hold('POST', '/v1/scans/search', { json: sampleList([sampleScan('103')]) });
    const second = inbox();
    await until('it is dimmed', () => second.renderRoot.querySelector('.list.dim') !== null);
    assert.include(visibleText(second), 'Order 102');
    assert.notInclude(visibleText(second), 'Quillfeather');
    assert.notInclude(visibleText(second), 'C-100');
    await assertAccessible(second);
    held.release();
    await shows(second, 'Order 103');
  });

  it('goes from row to row by keys, and opens and closes', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    control(element, /Zoë.*/).focus();
    press(element, 'ArrowDown');
    await until('next row', () => focusedRow(element) === '101');
    press(element, 'Home');
    await until('first row', () => focusedRow(element) === '102');
    control(element, /Zoë.*/).click();
    await shows(element, 'History');
    press(element, 'Escape');
    await until('closed', () => !visibleText(element).includes('History'));
    assert.equal(focusedRow(element), '102');
  });

  it('lets Tab reach one row at a time', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    assert.lengthOf(element.renderRoot.querySelectorAll('.title[tabindex="0"]'), 1);
  });

  it('loads older scans when the end comes near', async () => {
    clinic.pageSize = 20;
    for (let index = 0; index < 60; index += 1) {
      clinic.scans.set(String(200 + index), sampleScan(String(200 + index), { minute: 10 + index }));
    }
    const element = inbox();
    await shows(element, 'Order 259');
    const list = element.renderRoot.querySelector('.list') as HTMLElement;
    await until('the oldest is reached', () => {
      list.scrollTop = list.scrollHeight;
      return order(element).includes('101');
    });
    assert.equal(new Set(order(element)).size, order(element).length);
    assert.equal(element.renderRoot.querySelector('li[data-id="101"]')?.getAttribute('aria-posinset'), '62');
    assert.equal(element.renderRoot.querySelector('li[data-id="101"]')?.getAttribute('aria-setsize'), '62');
  });

  it('holds 10,000 scans in at most 800 nodes, wherever it is scrolled', async () => {
    clinic.answer('POST', '/v1/scans/search', { json: sampleList(ten()) });
    const element = inbox();
    await shows(element, 'Order 109999');
    const nodes = (): number => element.renderRoot.querySelectorAll('*').length;
    assert.isAtMost(nodes(), 800);
    control(element, /Zoë.*/).focus();
    press(element, 'End');
    await until('the last row has the focus', () => focusedRow(element) === '100000');
    assert.isAtMost(nodes(), 800);
    const box = element.renderRoot.querySelector('.list')?.getBoundingClientRect();
    const last = element.renderRoot.querySelector('li[data-id="100000"]')?.getBoundingClientRect();
    assert.isAtMost(last?.bottom ?? Infinity, (box?.bottom ?? 0) + 1);
    press(element, 'PageUp');
    await until('a page up', () => focusedRow(element) !== '100000');
    assert.isAtMost(nodes(), 800);
  });
});
