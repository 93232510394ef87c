import { assert } from 'chai';
import type { Pairing } from '../../../shared/pairing.ts';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, mount, unmount, until, visibleText } from '../../support/dom/page.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
let pairing: Pairing;
const inbox = (attributes = ''): IteroScanInbox =>
  mount(
    `<itero-scan-inbox session-url="${SESSION_URL}" lang="en-GB" ${attributes}></itero-scan-inbox>`,
  ) as IteroScanInbox;
const shows = (element: Element, text: string | RegExp): Promise<void> =>
  until(`${String(text)} is shown`, () => {
    const seen = visibleText(element);
    return typeof text === 'string' ? seen.includes(text) : text.test(seen);
  });
const asked = (): number => clinic.calls.filter(({ path }) => path === '/v1/pairing').length;

describe('the ledger’s line in the inbox', () => {
  beforeEach(() => {
    clinic = installScanClinic([sampleScan('101', { minute: 1, unread: false })]);
    pairing = aPairing();
    clinic.answer('GET', '/v1/pairing', () => ({ json: pairing }));
  });
  afterEach(() => {
    unmount();
    clinic.restore();
  });

  it('proves in the clinic’s inbox that no case is missing', async () => {
    const element = inbox();
    await shows(element, /43 cases, 41 by notification, 2 recovered, checked .*\d\d:\d\d/);
    await assertAccessible(element);
  });

  it('tells a patient’s chart when was checked, and nothing of other patients', async () => {
    const element = inbox('chart-number="C-100"');
    await shows(element, /Checked .*\d\d:\d\d/);
    assert.notMatch(visibleText(element), /43|41 by notification|recovered/);
    await assertAccessible(element);
  });

  it('stands above an empty list, too', async () => {
    clinic.scans.clear();
    const element = inbox();
    await shows(element, '43 cases');
    await shows(element, 'No scans yet');
  });

  it('warns that the check is overdue, also in a patient’s chart', async () => {
    pairing = aPairing({ ledger: { ...pairing.ledger, behind: true } });
    const element = inbox('chart-number="C-100"');
    await shows(element, 'The regular check is overdue');
    await assertAccessible(element);
  });

  it('says that scans come later while notifications do not arrive', async () => {
    pairing = aPairing({ health: { ...pairing.health, callback: 'suspect' } });
    const element = inbox();
    await shows(element, 'the regular check finds them, a few minutes later');
    await assertAccessible(element);
  });

  it('counts anew when a scan comes', async () => {
    const element = inbox();
    await shows(element, '43 cases');
    pairing = aPairing({ ledger: { ...pairing.ledger, cases: 44, byNotification: 42 } });
    clinic.receive(sampleScan('102', { minute: 2 }));
    await shows(element, '44 cases, 42 by notification');
  });

  it('gives way to what to do when nobody is signed in any more', async () => {
    pairing = aPairing({ state: 'needs_login', logins: [] });
    const element = inbox();
    await shows(element, 'Sign in again in the settings, or ask whoever manages the iTero connection.');
    assert.notInclude(visibleText(element), '43 cases');
    await assertAccessible(element);
  });

  it('asks nothing and shows nothing where the session may not know', async () => {
    clinic.grant(['scan:read']);
    const element = inbox();
    await shows(element, 'Order 101');
    clinic.push('pairing.created', { reason: 'paired' });
    await until('the parts are there', () => element.shadowRoot?.querySelector('dialog.where') !== null);
    assert.equal(asked(), 0);
    assert.notInclude(visibleText(element), 'cases');
  });

  it('is hidden where the page does not want it', async () => {
    const element = inbox('no-ledger');
    await until('the parts are there', () => element.shadowRoot?.querySelector('dialog.where') !== null);
    assert.notInclude(visibleText(element), '43 cases');
  });
});
