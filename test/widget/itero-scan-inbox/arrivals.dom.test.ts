import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { control, findControl, mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
let heard: string[];
const EVENTS = ['itero-scan-received', 'itero-scan-updated', 'itero-unread-change', 'itero-scan-opened'] as const;

function inbox(attributes = ''): IteroScanInbox {
  const element = mount(
    `<itero-scan-inbox session-url="${SESSION_URL}" ${attributes}></itero-scan-inbox>`,
  ) as IteroScanInbox;
  for (const type of EVENTS) {
    element.addEventListener(type, ({ detail }) => {
      const what = 'total' in detail ? detail.total : detail.orderId;
      heard.push(`${type} ${what}`);
    });
  }
  return element;
}
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));
const row = (element: IteroScanInbox, orderId: string): HTMLElement | null =>
  element.renderRoot.querySelector(`li[data-id="${orderId}"]`);
const order = (element: IteroScanInbox): (string | undefined)[] =>
  [...element.renderRoot.querySelectorAll<HTMLElement>('li[data-id]')].map(({ dataset }) => dataset['id']);
const scroller = (element: IteroScanInbox): HTMLElement => element.renderRoot.querySelector('.list') as HTMLElement;
const focused = (element: IteroScanInbox): Element | null => element.shadowRoot?.activeElement ?? null;
const many = (count: number): ReturnType<typeof sampleScan>[] =>
  Array.from({ length: count }, (_, index) => sampleScan(String(100 + index), { minute: index, unread: false }));

describe('what arrives in the inbox', () => {
  beforeEach(() => {
    heard = [];
    clinic = installScanClinic([sampleScan('101', { minute: 1, unread: false }), sampleScan('102', { minute: 2 })]);
  });
  afterEach(() => {
    unmount();
    clinic.restore();
  });

  it('shows a new scan on top, without a reload of the list, and tells the page', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    const before = clinic.searches().filter(({ limit }) => limit === undefined).length;
    clinic.receive(sampleScan('103', { minute: 3 }));
    await until('it is on top', () => order(element)[0] === '103');
    await until('unread is counted', () => heard.includes('itero-unread-change 2'));
    assert.include(heard, 'itero-scan-received 103');
    assert.equal(clinic.reads('103'), 1);
    assert.equal(clinic.searches().filter(({ limit }) => limit === undefined).length, before);
    assert.include(row(element, '103')?.className, 'fresh');
  });

  it('moves a changed case up and says so', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.update(sampleScan('101', { minute: 9, versionNumber: 2, status: 'Lab Review', phase: 'review' }));
    await shows(element, 'New files, version 2');
    assert.deepEqual(order(element), ['101', '102']);
    await until('the page is told', () => heard.includes('itero-scan-updated 101'));
  });

  it('announces a new scan, by name only where names are shown', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.receive(sampleScan('103', { minute: 3 }));
    await shows(element, 'New scan received: Zoë Quillfeather');
    element.privacy = true;
    clinic.receive(sampleScan('104', { minute: 4 }));
    await until('it is announced', () => /New scan received(?!:)/.test(visibleText(element)));
    assert.notInclude(visibleText(element), 'Quillfeather');
  });

  it('leaves focus and open detail where they are', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    const title = row(element, '101')?.querySelector<HTMLElement>('.title') as HTMLElement;
    title.focus();
    title.click();
    await shows(element, 'History');
    clinic.receive(sampleScan('103', { minute: 3 }));
    await until('it is on top', () => order(element)[0] === '103');
    assert.equal(focused(element), title);
    assert.equal(title.getAttribute('aria-expanded'), 'true');
  });

  it('leaves what is in view in place, and says how many came above', async () => {
    for (const scan of many(40)) clinic.scans.set(scan.orderId, scan);
    const element = inbox();
    await shows(element, 'Order 139');
    scroller(element).scrollTop = 1500;
    await until('scrolled', () => !order(element).includes('139'));
    await nextTask();
    const seen = row(element, order(element)[4] ?? '') as HTMLElement;
    const top = seen.getBoundingClientRect().top;
    clinic.receive(sampleScan('900', { minute: 90 }));
    await shows(element, '1 new scan above');
    assert.closeTo(seen.getBoundingClientRect().top, top, 1);
    control(element, /1 new scan above/).click();
    await until('it is in view', () => order(element)[0] === '900');
    await until('the hint is gone', () => findControl(element, /new scan above/) === undefined);
  });

  it('takes many events at once as few calls', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    const before = clinic.calls.length;
    for (const scan of many(60).slice(20)) clinic.receive(scan);
    await shows(element, '40 new scans received');
    await until('all are told', () => heard.filter((one) => one.startsWith('itero-scan-received')).length === 40);
    await until('counted', () => visibleText(element).includes('42 scans'));
    assert.isBelow(clinic.calls.length - before, 8);
  });

  it('reads a case once for several events of it', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.receive(sampleScan('103', { minute: 3 }));
    clinic.push('scan.asset_ready', { orderId: '103', asset: 'ide' });
    clinic.update(sampleScan('103', { minute: 4, versionNumber: 2 }));
    await until('it is on top', () => order(element)[0] === '103');
    await until('the page is told', () => heard.includes('itero-scan-received 103'));
    assert.equal(clinic.reads('103'), 1);
    assert.notInclude(heard, 'itero-scan-updated 103');
  });

  it('shows files that became ready', async () => {
    const scan = sampleScan('103', { minute: 3 });
    const waiting = { ...scan.assets.ide, state: 'waiting', link: null } as const;
    clinic.scans.set('103', { ...scan, assets: { ...scan.assets, ide: waiting } });
    const element = inbox();
    await shows(element, 'iDE may come within two minutes');
    clinic.scans.set('103', scan);
    clinic.push('scan.asset_ready', { orderId: '103', asset: 'ide', version: scan.version });
    await until('it is ready', () => row(element, '103')?.textContent?.includes('iDE ready') === true);
  });

  it('drops a removed case at once, and its neighbour takes the focus', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    row(element, '102')?.querySelector<HTMLElement>('.title')?.focus();
    clinic.remove('102');
    await until('it is gone', () => row(element, '102') === null);
    await until('the neighbour has the focus', () => focused(element)?.closest('li') === row(element, '101'));
    assert.equal(clinic.reads('102'), 0);
  });

  it('drops a case that is not found any more', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.scans.delete('102');
    clinic.push('scan.updated', { orderId: '102', version: 'another' });
    await until('it is gone', () => row(element, '102') === null);
  });

  it('lists again after a reset of the stream and after the first listing', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.scans.set('105', sampleScan('105', { minute: 5 }));
    clinic.reset();
    await shows(element, 'Order 105');
    clinic.scans.set('106', sampleScan('106', { minute: 6 }));
    clinic.push('pairing.backfilled', { count: 1 });
    await shows(element, 'Order 106');
  });

  it('does not list a case that the filter does not want', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    control(element, /^Unread/).click();
    await until('only the unread one', () => order(element).join() === '102');
    clinic.receive(sampleScan('103', { minute: 3, unread: false }));
    clinic.receive(sampleScan('104', { minute: 4 }));
    await until('the unread one came', () => order(element).join() === '104,102');
    await until('the page is told of both', () => heard.includes('itero-scan-received 103'));
  });

  it('leaves no stream, timer or request behind', async () => {
    for (let round = 0; round < 50; round += 1) {
      const element = inbox();
      await element.updateComplete;
      element.remove();
    }
    await until('streams are closed', () => clinic.openStreams === 0);
    const calls = clinic.calls.length;
    clinic.receive(sampleScan('103', { minute: 3 }));
    await nextTask();
    assert.equal(clinic.calls.length, calls);
  });
});
