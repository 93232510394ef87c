import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, control, findControl, mount, unmount, until, visibleText } from '../../support/dom/page.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
const inbox = (attributes = ''): IteroScanInbox =>
  mount(`<itero-scan-inbox session-url="${SESSION_URL}" ${attributes}></itero-scan-inbox>`) as IteroScanInbox;
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));
const missing = { state: 'missing', sizeBytes: null, modifiedAt: null, nextCheckAt: null, link: null } as const;

describe('the states of the inbox', () => {
  beforeEach(() => {
    clinic = installScanClinic([
      sampleScan('101', { minute: 1, unread: false }),
      sampleScan('102', { minute: 2, versionNumber: 3, status: 'Lab Review', phase: 'review' }),
    ]);
  });
  afterEach(() => {
    unmount();
    clinic.restore();
  });

  it('shows that it loads', async () => {
    clinic.hold('POST', '/v1/scans/search', { status: 500 });
    const element = inbox();
    await shows(element, 'Loading');
    assert.isTrue(element.matches(':state(loading)'));
    await assertAccessible(element);
  });

  it('lists the clinic’s cases with name, chart number, status, version and MyiTero link', async () => {
    const element = inbox();
    await shows(element, 'New files, version 3');
    const text = visibleText(element);
    for (const part of [
      'Zoë Quillfeather',
      'C-100',
      'Lab Review',
      'Dr. Ada Okafor',
      'Order 102 (AB102)',
      'iDE ready',
    ]) {
      assert.include(text, part);
    }
    assert.isTrue(element.matches(':state(paired)'));
    const link = control(element, /^MyiTero.*102/) as HTMLAnchorElement;
    assert.deepEqual([link.href, link.target], ['https://myitero.example/cases/102', '_blank']);
    assert.include(link.rel, 'noopener');
    await assertAccessible(element);
  });

  it('does not repeat the patient in the patient’s own list, except where the identity differs', async () => {
    clinic.scans.set('103', sampleScan('103', { minute: 3, otherIdentity: true }));
    const element = inbox('chart-number="C-100"');
    await shows(element, 'Scanned under another identity');
    assert.equal(visibleText(element).split('Quillfeather').length, 2);
    control(element, /Study Model.*/).click();
    await shows(element, 'Next time pick up the request at the scanner');
    await assertAccessible(element);
  });

  it('shows initials only where privacy is asked for', async () => {
    const element = inbox('privacy');
    await shows(element, 'Z. Q.');
    assert.notInclude(visibleText(element), 'Quillfeather');
    assert.notInclude(visibleText(element), 'C-100');
  });

  it('says what to do when there are no scans yet', async () => {
    clinic.scans.clear();
    const element = inbox('chart-number="C-100"');
    await shows(element, 'No scans of this patient yet');
    assert.include(visibleText(element), 'Send to scanner');
    assert.isTrue(element.matches(':state(empty)'));
    await assertAccessible(element);
  });

  it('gives way to the page’s own words for empty', async () => {
    clinic.scans.clear();
    const element = mount(
      `<itero-scan-inbox session-url="${SESSION_URL}"><p slot="empty">Nothing here</p></itero-scan-inbox>`,
    );
    await shows(element, 'Nothing here');
    assert.notInclude(visibleText(element), 'No scans yet');
  });

  it('says what went wrong, and loads when asked again', async () => {
    clinic.answer('POST', '/v1/scans/search', { problem: 'upstream_unavailable' });
    const codes: string[] = [];
    const element = inbox();
    element.addEventListener('itero-error', ({ detail }) => codes.push(detail.code));
    await shows(element, 'iTero cannot be reached');
    assert.isTrue(element.matches(':state(error)'));
    assert.deepEqual(codes, ['upstream_unavailable']);
    await assertAccessible(element);
    clinic.answer('POST', '/v1/scans/search', {
      json: { items: [], nextCursor: null, unread: 0, unmatched: 0, total: 0 },
    });
    control(element, 'Try again').click();
    await shows(element, 'No scans yet');
  });

  it('keeps the list readable while offline', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.offline();
    document.dispatchEvent(new Event('visibilitychange'));
    await until('the element is offline', () => {
      window.dispatchEvent(new Event('online'));
      return element.matches(':state(offline)');
    });
    await shows(element, 'No connection');
    assert.include(visibleText(element), 'Order 102');
    await assertAccessible(element);
  });

  it('keeps the list readable when the clinic is no longer connected, and says so at the files', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.pairing = 'lost';
    clinic.push('pairing.removed', { reason: 'lost' });
    await shows(element, 'This clinic is not connected to iTero');
    assert.isTrue(element.matches(':state(unpaired)'));
    control(element, /Zoë.*/).click();
    await shows(element, 'so files cannot be fetched. Connect it in the settings, or ask whoever manages');
    assert.isUndefined(findControl(element, /^Download/));
    await assertAccessible(element);
  });

  it('says that the clinic must be connected first', async () => {
    clinic.scans.clear();
    clinic.pairing = 'unpaired';
    const element = inbox();
    await shows(element, 'This clinic is not connected to iTero');
    const text = visibleText(element);
    assert.lengthOf(text.match(/not connected to iTero/g) ?? [], 1, 'said once');
    assert.include(text, 'or ask whoever manages the iTero connection');
    await assertAccessible(element);
  });

  it('says that nobody is signed in to iTero any more', async () => {
    clinic.pairing = 'needs_login';
    const element = inbox();
    await shows(element, 'Nobody is signed in to iTero any more');
    await assertAccessible(element);
  });

  it('says that the session ended, and keeps what was loaded', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    clinic.refuseSessions();
    clinic.endSession();
    await shows(element, 'did not grant access');
    assert.include(visibleText(element), 'Order 102');
    await assertAccessible(element);
  });

  it('tells the three steps for a missing iDE, with the order number for Align support', async () => {
    const scan = sampleScan('104', { minute: 4 });
    clinic.scans.set('104', { ...scan, assets: { ...scan.assets, ide: missing } });
    const element = inbox();
    await shows(element, 'iDE missing');
    control(element, /Zoë.*/).click();
    await shows(element, 'Contact Align support: Order 104 (AB104)');
    const text = visibleText(element);
    assert.isBelow(text.indexOf('within two minutes'), text.indexOf('Open the case in MyiTero'));
    await assertAccessible(element);
  });

  it('shows history and prescription of the open case', async () => {
    clinic.answer('GET', '/v1/scans/102/rx', {
      json: {
        rxId: 'rx-102',
        rows: [{ label: 'Lab', value: 'Smile Lab' }],
        teeth: [{ adaId: 3, restoration: 'Crown', material: 'Zirconia', shade: null }],
        notes: 'Light contact',
      },
    });
    const element = inbox('tooth-notation="fdi"');
    await shows(element, 'Order 102');
    control(element, /Zoë.*/).click();
    await shows(element, 'version 2');
    assert.include(visibleText(element), 'found by the regular check');
    assert.isUndefined(
      clinic.calls.find(({ path }) => path.endsWith('/rx')),
      'asked only when wanted',
    );
    control(element, 'Prescription').click();
    await shows(element, 'Smile Lab');
    assert.include(visibleText(element), 'Tooth 16 Crown, Zirconia');
    await assertAccessible(element);
  });

  it('hides what the page does not want', async () => {
    const element = inbox('no-filters no-downloads no-history');
    await shows(element, 'Order 102');
    control(element, /Zoë.*/).click();
    await shows(element, 'Mark as');
    assert.isUndefined(findControl(element, /^Download/));
    assert.isUndefined(findControl(element, 'Show'));
    assert.notInclude(visibleText(element), 'History');
  });

  it('offers no downloads where the session may not', async () => {
    clinic.grant(['pair:read', 'scan:read']);
    const element = inbox();
    await shows(element, 'Order 102');
    control(element, /Zoë.*/).click();
    await shows(element, 'History');
    assert.isUndefined(findControl(element, /^Download/));
  });

  it('drops a patient’s scans before it asks about another', async () => {
    const element = inbox('chart-number="C-100"');
    await shows(element, 'Order 102');
    clinic.hold('POST', '/v1/scans/search', { status: 500 });
    element.setAttribute('chart-number', 'C-200');
    await element.updateComplete;
    assert.notInclude(visibleText(element), 'Order 102');
  });
});
