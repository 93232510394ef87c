import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { control, findControl, mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { sampleDetail, sampleList, sampleScan } from '../fixtures/scans.fixture.ts';
import { unpaired } from '../fixtures/pairings.fixture.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
const realNow = Date.now;
const inbox = (attributes = ''): IteroScanInbox =>
  mount(`<itero-scan-inbox session-url="${SESSION_URL}" ${attributes}></itero-scan-inbox>`) as IteroScanInbox;
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));
const row = (element: IteroScanInbox, orderId: string): HTMLElement | null =>
  element.renderRoot.querySelector(`li[data-id="${orderId}"]`);
const isListed = (element: IteroScanInbox, orderId: string): boolean => row(element, orderId) !== null;
const lists = (element: IteroScanInbox, orderId: string): Promise<void> =>
  until(`scan ${orderId} is listed`, () => isListed(element, orderId));
const press = (element: IteroScanInbox, orderId: string): void =>
  row(element, orderId)?.querySelector<HTMLElement>('button.title')?.click();
const history = (element: IteroScanInbox): number => element.renderRoot.querySelectorAll('.history li').length;
const standsOpen = (element: IteroScanInbox, orderId: string): Promise<void> =>
  until(`${orderId} is open`, () => (row(element, orderId)?.querySelector('.history li') ?? null) !== null);

describe('what the inbox shows after something got lost or came late', () => {
  beforeEach(() => {
    clinic = installScanClinic([sampleScan('101', { minute: 1, unread: false }), sampleScan('102', { minute: 2 })]);
  });
  afterEach(() => {
    Date.now = realNow;
    unmount();
    clinic.restore();
  });

  for (const [stream, prepare] of [
    ['replays it', () => clinic.share(() => 'clinic')],
    ['cannot tell it', () => undefined],
  ] as const) {
    it(`holds what came while the session was over, once the person has signed in again and the stream ${stream}`, async () => {
      prepare();
      const element = inbox();
      await shows(element, 'Order 102');
      await until('a stream stands', () => clinic.openStreams === 1);
      clinic.refuseSessions();
      clinic.endSession();
      await shows(element, 'did not grant access');
      // Nobody hears it.
      clinic.receive(sampleScan('103', { minute: 3 }));
      clinic.refuseSessions(false);
      control(element, 'Try again').click();
      await lists(element, '103');
      assert.notInclude(visibleText(element), 'did not grant access');
    });
  }

  it('holds a scan that could not be read when it was told of, once the BFF answers again', async () => {
    const received: string[] = [];
    const element = inbox();
    element.addEventListener('itero-scan-received', ({ detail }) => received.push(detail.orderId));
    await shows(element, 'Order 102');
    let down = true;
    clinic.answer('GET', '/v1/scans/103', () =>
      down ? { problem: 'shutting_down' } : { json: sampleDetail(sampleScan('103', { minute: 3 })) },
    );
    clinic.answer('POST', '/v1/scans/search', () =>
      down ? { problem: 'shutting_down' } : { json: sampleList([...clinic.scans.values()].reverse()) },
    );
    clinic.receive(sampleScan('103', { minute: 3 }));
    await until('it could not be read', () => clinic.reads('103') === 1);
    await nextTask();
    assert.deepEqual(received, []);
    down = false;
    await lists(element, '103');
    await until('the page was told', () => received.length > 0);
    assert.deepEqual(received, ['103']);
  });

  it('holds a scan told of just before the network broke, once the network is back', async () => {
    clinic.share(() => 'clinic');
    const element = inbox();
    await shows(element, 'Order 102');
    await until('a stream stands', () => clinic.openStreams === 1);
    const reading = clinic.hold('GET', '/v1/scans/103', { json: sampleDetail(sampleScan('103', { minute: 3 })) });
    clinic.receive(sampleScan('103', { minute: 3 }));
    await until('it is being read', () => clinic.reads('103') === 1);
    clinic.offline();
    reading.release();
    await shows(element, 'No connection');
    assert.isFalse(isListed(element, '103'));
    clinic.online();
    await lists(element, '103');
  });

  it('holds the history of a case whose read mark was answered before the case itself', async () => {
    clinic.scans.set('101', sampleScan('101', { minute: 1 }));
    const element = inbox();
    await shows(element, 'Order 102');
    const marking = clinic.hold('POST', '/v1/scans/101/read', { json: { unread: 1 } });
    press(element, '101');
    await until('101 is being marked', () => clinic.calls.some(({ path }) => path === '/v1/scans/101/read'));
    const reading = clinic.hold('GET', '/v1/scans/102', () => ({
      json: sampleDetail(sampleScan('102', { minute: 2 })),
    }));
    press(element, '102');
    await until('102 is being read', () => clinic.reads('102') === 1);
    // Marks go one after the other: that of 102 is asked for after the case.
    marking.release();
    await until('102 is marked', () => row(element, '102')?.querySelector('.unread') === null);
    reading.release();
    await standsOpen(element, '102');
    assert.equal(history(element), 1);
    assert.isTrue(row(element, '102')?.querySelector('.unread') === null, 'the mark is the newer answer');
  });

  it('holds the history of the open case each time stream.reset brings a newer version of it', async () => {
    const element = inbox();
    await shows(element, 'Order 101');
    press(element, '101');
    await standsOpen(element, '101');
    for (const versionNumber of [2, 3]) {
      clinic.scans.set('101', sampleScan('101', { minute: 5, versionNumber }));
      clinic.reset();
      await shows(element, `version ${versionNumber}`);
      await until('all versions are in its history', () => history(element) === versionNumber);
    }
  });

  it('holds no case of another patient, though it is open and left the patient unheard', async () => {
    const other = { firstName: 'Max', lastName: 'Other', chartNumber: 'C-999' };
    const element = inbox('chart-number="C-100"');
    await shows(element, 'Order 101');
    press(element, '101');
    await standsOpen(element, '101');
    // Its chart number was corrected, so that the session may not see it any more, and the event was lost.
    clinic.scans.set('101', sampleScan('101', { minute: 5, patient: other }));
    clinic.answer('GET', '/v1/scans/101', { problem: 'not_found' });
    clinic.reset();
    await until('it has left the list', () => !isListed(element, '101'));
    assert.isTrue(isListed(element, '102'));
  });

  it('leaves the open case in view where only the filter hides it', async () => {
    const element = inbox();
    await shows(element, 'Order 102');
    control(element, /^Unread/).click();
    await until('narrowed', () => !isListed(element, '101'));
    press(element, '102');
    await standsOpen(element, '102');
    await until('it is read', () => row(element, '102')?.querySelector('.unread') === null);
    clinic.receive(sampleScan('103', { minute: 3 }));
    await lists(element, '103');
    const reads = clinic.reads('102');
    clinic.reset();
    await until('whether it is still there was asked', () => clinic.reads('102') > reads);
    clinic.receive(sampleScan('104', { minute: 4 }));
    await lists(element, '104');
    assert.isTrue(isListed(element, '102'));
    assert.equal(history(element), 1);
  });

  it('holds that the clinic is not connected, though the first look at the connection failed', async () => {
    const looks = (): number => clinic.calls.filter(({ path }) => path === '/v1/pairing').length;
    clinic.answer('GET', '/v1/pairing', { problem: 'upstream_unavailable' });
    clinic.share(() => 'clinic');
    const element = inbox();
    await shows(element, 'Order 102');
    await until('the parts are there', () => (element.shadowRoot?.querySelector('dialog.where') ?? null) !== null);
    assert.equal(looks(), 1);
    assert.notInclude(visibleText(element), 'not connected to iTero');
    clinic.answer('GET', '/v1/pairing', { json: unpaired({ state: 'unpaired' }) });
    clinic.offline();
    await shows(element, 'No connection');
    clinic.online();
    await shows(element, 'not connected to iTero');
  });

  it('says of no other case that its download failed', async () => {
    const element = inbox();
    await shows(element, 'Order 101');
    press(element, '101');
    await standsOpen(element, '101');
    const later = realNow() + 250_000;
    Date.now = () => later;
    const reading = clinic.hold('GET', '/v1/scans/101', { problem: 'upstream_unavailable' });
    control(element, /^Download/).click();
    await until('its link is being renewed', () => clinic.reads('101') === 2);
    press(element, '102');
    await standsOpen(element, '102');
    await until('102 is read', () => findControl(element, 'Mark as unread') !== undefined);
    reading.release();
    // Asked for later and answered: the answer about 101 has come, too.
    control(element, 'Mark as unread').click();
    await until('102 is unread', () => findControl(element, 'Mark as read') !== undefined);
    assert.notInclude(row(element, '102')?.textContent ?? '', 'iTero cannot be reached');
  });
});
