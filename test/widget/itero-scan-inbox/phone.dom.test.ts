import { setViewport } from '@web/test-runner-commands';
import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { mount, nextTask, unmount, until } from '../../support/dom/page.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
const rows = (element: IteroScanInbox): HTMLElement[] => [
  ...element.renderRoot.querySelectorAll<HTMLElement>('li[data-id]'),
];
const inView = (row: HTMLElement): boolean => {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
};
const idsInView = (element: IteroScanInbox): (string | undefined)[] =>
  rows(element)
    .filter(inView)
    .map(({ dataset }) => dataset['id']);
const scroller = (element: IteroScanInbox): HTMLElement => element.renderRoot.querySelector('.list') as HTMLElement;

describe('the inbox on a phone', () => {
  beforeEach(async () => {
    await setViewport({ width: 360, height: 700 });
    clinic = installScanClinic(
      Array.from({ length: 200 }, (_, index) => sampleScan(String(1000 + index), { minute: index, unread: false })),
    );
    clinic.pageSize = 200;
  });
  afterEach(async () => {
    unmount();
    clinic.restore();
    await setViewport({ width: 800, height: 600 });
  });

  async function shown(): Promise<IteroScanInbox> {
    const element = mount(`<itero-scan-inbox session-url="${SESSION_URL}"></itero-scan-inbox>`) as IteroScanInbox;
    await until('the list is there', () => rows(element).length > 0);
    await until('the page is as long as the list', () => document.documentElement.scrollHeight > 10_000);
    return element;
  }

  it('scrolls with the page: nothing scrolls inside of it, few rows are drawn, and those in view are there', async () => {
    const element = await shown();
    assert.equal(scroller(element).scrollHeight, scroller(element).clientHeight);
    for (const to of [3_000, 12_000, 20_000]) {
      window.scrollTo({ top: to, behavior: 'instant' });
      await until('rows fill the view', () => idsInView(element).length >= 3);
      assert.isBelow(rows(element).length, 25);
    }
  });

  it('goes from case to case by arrow keys, each in view', async () => {
    const element = await shown();
    const first = rows(element)[0]?.querySelector<HTMLElement>('[data-focus]');
    first?.focus();
    const focused = (): HTMLElement | null => element.shadowRoot?.activeElement?.closest('li') ?? null;
    for (let step = 0; step < 12; step += 1) {
      const before = focused()?.dataset['id'];
      element.shadowRoot?.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, composed: true, cancelable: true }),
      );
      await until('the next row has the focus', () => focused() !== null && focused()?.dataset['id'] !== before);
    }
    assert.equal(focused()?.dataset['id'], String(1199 - 12));
    const row = focused();
    assert.isTrue(row !== null && inView(row));
  });

  it('keeps in place what the person looks at when a scan comes in above', async () => {
    const element = await shown();
    window.scrollTo({ top: 8_000, behavior: 'instant' });
    await until('rows fill the view', () => idsInView(element).length >= 3);
    await nextTask();
    const row = rows(element).find(inView);
    const before = row?.getBoundingClientRect().top ?? 0;
    clinic.receive(sampleScan('5000', { minute: 5000 }));
    await until('the pill tells of it', () => element.renderRoot.querySelector('.pill') !== null);
    const same = rows(element).find(({ dataset }) => dataset['id'] === row?.dataset['id']);
    assert.approximately(same?.getBoundingClientRect().top ?? NaN, before, 2);
    element.renderRoot.querySelector<HTMLElement>('.pill')?.click();
    await until('it is in view', () => idsInView(element).includes('5000'));
  });
});
