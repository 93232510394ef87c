import { assert } from 'chai';
import type { ScanDetail } from '../../../shared/scan.ts';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, control, findControl, mount, unmount, until, visibleText } from '../../support/dom/page.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';
import { sampleDetail, sampleScan } from '../fixtures/scans.fixture.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

type AssetState = ScanDetail['assets']['ide']['state'];
const CANARY = { firstName: 'Zyxwvut', lastName: 'Qanaryson', chartNumber: 'CHART-9471' };

let clinic: ScanClinic;
let copied: string[];
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));

/** One case with these files, opened. */
async function opened(
  states: { ide?: AssetState; gallery?: AssetState },
  recheck: ScanDetail['recheck'],
): Promise<IteroScanInbox> {
  const scan = sampleScan('104', { patient: CANARY });
  const absent = (state: AssetState | undefined) =>
    state === undefined
      ? null
      : { state, sizeBytes: null, modifiedAt: null, nextCheckAt: recheck?.nextAt ?? null, link: null };
  const { ide, gallery, captures } = scan.assets;
  const waiting = {
    ...scan,
    thumbnails: states.gallery === undefined ? scan.thumbnails : [],
    assets: { ide: absent(states.ide) ?? ide, gallery: absent(states.gallery) ?? gallery, captures },
  };
  clinic.scans.set('104', waiting);
  clinic.answer('GET', '/v1/scans/104', () => ({ json: { ...sampleDetail(waiting), recheck } }));
  const element = mount(
    `<itero-scan-inbox session-url="${SESSION_URL}" lang="en-GB"></itero-scan-inbox>`,
  ) as IteroScanInbox;
  await shows(element, 'Order 104');
  control(element, /Zyxwvut.*/).click();
  await shows(element, 'version 1');
  return element;
}

const step = (element: Element): string =>
  element.shadowRoot?.querySelector('[part="missing"] [aria-current="step"]')?.textContent.trim() ?? '';
const later = '2026-11-23T10:02:00.000Z';

describe('a file that is missing', () => {
  const real = Object.getOwnPropertyDescriptor(navigator, 'clipboard');

  beforeEach(() => {
    clinic = installScanClinic();
    clinic.answer('GET', '/v1/pairing', { json: aPairing() });
    copied = [];
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: (text: string) => Promise.resolve(void copied.push(text)) },
    });
  });
  afterEach(() => {
    unmount();
    clinic.restore();
    if (real) Object.defineProperty(navigator, 'clipboard', real);
    else Reflect.deleteProperty(navigator, 'clipboard');
  });

  it('is waited for first, with the time when iTero is asked again', async () => {
    const element = await opened({ ide: 'waiting' }, { since: '2026-11-23T09:31:00.000Z', looks: 0, nextAt: later });
    await shows(element, 'The iDE files are not here yet.');
    assert.match(visibleText(element), /Missing since .*\. iTero is asked for them again at /);
    assert.match(step(element), /^Wait: they may come within two minutes/);
    await assertAccessible(element);
  });

  it('is taken from MyiTero when it did not come, then Align support is asked', async () => {
    const element = await opened({ ide: 'missing' }, { since: '2026-11-23T09:31:00.000Z', looks: 5, nextAt: later });
    await shows(element, 'The iDE files are missing.');
    const text = visibleText(element);
    assert.match(text, /looked for 5 times\. iTero is asked for them again at/);
    const places = ['Wait: they may', 'Open the case in MyiTero', 'Contact Align support: Order 104 (AB104)'].map(
      (one) => text.indexOf(one),
    );
    assert.isAbove(places[0] ?? -1, 0);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
    assert.match(step(element), /^Open the case in MyiTero/);
    await assertAccessible(element);
  });

  it('is no longer waited for after three days', async () => {
    const element = await opened({ ide: 'missing' }, { since: '2026-11-20T09:31:00.000Z', looks: 150, nextAt: null });
    await shows(element, 'iTero is not asked for them any more by itself: take them by hand.');
    assert.notInclude(visibleText(element), 'Wait: they may');
    assert.match(step(element), /^Open the case in MyiTero/);
    await assertAccessible(element);
  });

  it('is told once for iDE and pictures together', async () => {
    const element = await opened(
      { ide: 'missing', gallery: 'missing' },
      { since: '2026-11-23T09:31:00.000Z', looks: 1, nextAt: later },
    );
    await shows(element, 'The iDE files and the pictures are missing.');
    assert.include(visibleText(element), 'looked for once.');
    assert.equal(element.shadowRoot?.querySelectorAll('[part="missing"]').length, 1);
  });

  it('may be the pictures alone', async () => {
    const element = await opened(
      { gallery: 'waiting' },
      { since: '2026-11-23T09:31:00.000Z', looks: 0, nextAt: later },
    );
    await shows(element, 'The pictures are not here yet.');
    assert.isDefined(findControl(element, /^Download iDE files/));
  });

  it('is not told of where every file is there', async () => {
    const element = await opened({}, null);
    assert.notInclude(visibleText(element), 'Copy support details');
  });

  it('comes with details for support to copy: case, account and request ids, nothing about the patient', async () => {
    const element = await opened({ ide: 'missing' }, { since: '2026-11-23T09:31:00.000Z', looks: 5, nextAt: later });
    await shows(element, 'Copy support details');
    control(element, 'Copy support details').click();
    await shows(element, 'Copied.');
    const [text = ''] = copied;
    for (const part of ['Order number: 104', 'Account number: 1017', 'iDE files: missing', '5 times', 'learnt by'])
      assert.include(text, part);
    assert.match(text, /Request ids: req-\d+/);
    for (const word of Object.values(CANARY)) assert.notInclude(text, word);
    await assertAccessible(element);
  });

  it('shows the details to be marked where the browser does not let them be copied', async () => {
    Object.defineProperty(navigator, 'clipboard', {
      configurable: true,
      value: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) },
    });
    const element = await opened({ ide: 'missing' }, { since: '2026-11-23T09:31:00.000Z', looks: 5, nextAt: later });
    await shows(element, 'Copy support details');
    control(element, 'Copy support details').click();
    await shows(element, 'mark the text below and copy it');
    const details = element.shadowRoot?.querySelector<HTMLDetailsElement>('[part="support"] details');
    assert.isTrue(details?.open);
    await assertAccessible(element);
  });

  it('saves the details as a text file named after the order', async () => {
    const element = await opened({ ide: 'missing' }, { since: '2026-11-23T09:31:00.000Z', looks: 5, nextAt: later });
    await shows(element, 'Save as text');
    const saved: { name: string; href: string }[] = [];
    const note = (event: Event): void => {
      const [anchor] = event.composedPath();
      if (!(anchor instanceof HTMLAnchorElement)) return;
      saved.push({ name: anchor.download, href: anchor.href });
      event.preventDefault();
    };
    const make = document.createElement.bind(document);
    // The anchor is never in the page, so its click is heard on itself alone.
    document.createElement = (name: string): HTMLElement => {
      const made = make(name);
      made.addEventListener('click', note);
      return made;
    };
    try {
      control(element, 'Save as text').click();
    } finally {
      Reflect.deleteProperty(document, 'createElement');
    }
    await shows(element, 'Saved.');
    assert.deepEqual(
      saved.map(({ name }) => name),
      ['support-order-104.txt'],
    );
    assert.match(saved[0]?.href ?? '', /^blob:/);
  });
});
