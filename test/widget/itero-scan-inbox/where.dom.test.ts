import { assert } from 'chai';
import { boxOf, dialogOf, shows, useWhereClinic } from '../../support/dom/where-clinic.ts';
import { assertAccessible, control, findControl, nextTask, until, visibleText } from '../../support/dom/page.ts';
import { sampleDetail, sampleScan } from '../fixtures/scans.fixture.ts';
import { evidence, finding, whereAnswer } from '../fixtures/where.fixture.ts';

const CANARY = 'Zyxwvut Qanaryson';
const focusIn = (element: Element): Element | null => element.shadowRoot?.activeElement ?? null;

describe('“Where did my scan go?”', () => {
  const clinic = useWhereClinic();

  it('asks in the clinic’s inbox for what to look for, and puts it into the body of one call', async () => {
    clinic.answer = whereAnswer(finding('unknown', 'search_again'));
    const element = clinic.inbox();
    await clinic.ask(element);
    assert.equal(focusIn(element), boxOf(element), 'the keyboard is in the box');
    assert.deepEqual(clinic.asked(), [], 'nothing is asked before that');
    await assertAccessible(element);
    clinic.search(element, '  LH-10432 ');
    await shows(element, 'Nothing was found here.');
    assert.deepEqual(clinic.asked(), [{ text: 'LH-10432' }]);
    assert.equal(focusIn(element), boxOf(element));
    await assertAccessible(element);
  });

  it('asks nothing for an empty box', async () => {
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, '   ');
    await nextTask();
    assert.deepEqual(clinic.asked(), []);
  });

  it('asks for the patient at once in a patient’s chart; the box is folded away', async () => {
    clinic.answer = whereAnswer(finding('never_opened', 'open_on_scanner'));
    const element = clinic.inbox('chart-number="C-100"');
    const dialog = await clinic.ask(element);
    await shows(element, 'The request was sent, but it has not been opened on the scanner yet.');
    assert.deepEqual(clinic.asked(), [{}]);
    assert.equal(focusIn(element)?.id, 'where-title');
    assert.isFalse(dialog.querySelector('details')?.open);
    await assertAccessible(element);
    control(element, 'Look by order number or RX id').click();
    clinic.search(element, '104');
    await until('it asks for the number', () => clinic.asked().length === 2);
    assert.deepEqual(clinic.asked()[1], { text: '104' });
  });

  it('stands also where nothing is listed', async () => {
    clinic.bff.scans.clear();
    const element = clinic.inbox();
    await shows(element, 'No scans yet');
    const buttons = element.shadowRoot?.querySelectorAll<HTMLElement>('[part="where-open"]') ?? [];
    assert.equal(buttons.length, 2);
    buttons[1]?.click();
    await until('the dialog is open', () => dialogOf(element)?.open === true);
  });

  it('says that it looks, to the eye and to a screen reader, and then what it found', async () => {
    const held = clinic.bff.hold('POST', '/v1/scans/where', {
      json: whereAnswer(finding('sending', 'wait'), finding('modeling', 'wait')),
    });
    const element = clinic.inbox();
    const dialog = await clinic.ask(element);
    clinic.search(element, 'Brunner');
    await shows(element, 'Looking here and at iTero');
    await assertAccessible(element);
    held.release();
    const status = dialog.querySelector('[role="status"]');
    await until(
      'it is told',
      () => status?.textContent.startsWith('2 things found. First: It has left the scanner') === true,
    );
  });

  it('keeps what was found in view while it looks again, and the focus on the button', async () => {
    clinic.answer = whereAnswer(finding('sending', 'wait'));
    const element = clinic.inbox();
    const dialog = await clinic.ask(element);
    clinic.search(element, 'Brunner');
    await shows(element, 'has left the scanner');
    const held = clinic.bff.hold('POST', '/v1/scans/where', { json: whereAnswer(finding('modeling', 'wait')) });
    const again = control(element, 'Look again');
    again.focus();
    again.click();
    await until('it is busy', () => dialog.querySelector('[aria-busy="true"]') !== null);
    assert.include(visibleText(element), 'has left the scanner');
    assert.equal(focusIn(element), again);
    held.release();
    await shows(element, 'still working on the model');
    assert.deepEqual(clinic.asked(), [{ text: 'Brunner' }, { text: 'Brunner' }]);
    assert.isTrue(dialog.contains(focusIn(element)), 'the keyboard stays in the dialog');
  });

  it('says what went wrong, with the number for support, and tries again', async () => {
    clinic.bff.answer('POST', '/v1/scans/where', { problem: 'upstream_unavailable' });
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'Brunner');
    await shows(element, 'iTero cannot be reached');
    assert.match(visibleText(element), /Number for support: req-/);
    await assertAccessible(element);
    clinic.bff.answer('POST', '/v1/scans/where', { json: whereAnswer(finding('unknown', 'search_again')) });
    control(element, 'Try again').click();
    await shows(element, 'Nothing was found');
    assert.deepEqual(clinic.asked(), [{ text: 'Brunner' }, { text: 'Brunner' }]);
  });

  it('says that there is no connection', async () => {
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.bff.offline();
    clinic.search(element, 'Brunner');
    await shows(element, 'Try again');
    await assertAccessible(element);
    clinic.bff.online();
  });

  it('an answer that was overtaken by another search says nothing any more', async () => {
    const element = clinic.inbox();
    await clinic.ask(element);
    const slow = clinic.bff.hold('POST', '/v1/scans/where', { json: whereAnswer(finding('modeling', 'wait')) });
    clinic.search(element, 'first');
    await until('it asks', () => clinic.asked().length === 1);
    clinic.bff.answer('POST', '/v1/scans/where', { json: whereAnswer(finding('sending', 'wait')) });
    clinic.search(element, 'second');
    await shows(element, 'has left the scanner');
    slow.release();
    await nextTask();
    assert.notInclude(visibleText(element), 'working on the model');
  });

  it('opens the case that was found: in the list, the dialog closed, the keyboard on it', async () => {
    const scan = sampleScan('101', { minute: 1, unread: false });
    clinic.answer = whereAnswer(finding('here', 'open_scan', { orderId: '101', scan }));
    const element = clinic.inbox();
    const opened: string[] = [];
    element.addEventListener('itero-scan-opened', ({ detail }) => opened.push(detail.orderId));
    await clinic.ask(element);
    clinic.search(element, '101');
    await shows(element, 'It is here.');
    control(element, 'Open the case').click();
    await until('the case is open', () => element.shadowRoot?.querySelector('#detail-101') !== null);
    await until('it has the focus', () => focusIn(element)?.id === 'case-101');
    assert.isFalse(dialogOf(element)?.open);
    assert.deepEqual(opened, ['101']);
  });

  it('shows the opened case from its top, with room below for what it brings', async () => {
    for (let minute = 2; minute < 30; minute += 1)
      clinic.bff.scans.set(String(100 + minute), sampleScan(String(100 + minute), { minute, unread: false }));
    const scan = sampleScan('115', { minute: 15, unread: false });
    clinic.answer = whereAnswer(finding('here', 'open_scan', { orderId: '115', scan }));
    const element = clinic.inbox();
    element.style.setProperty('--itero-list-height', '400px');
    await clinic.ask(element);
    clinic.search(element, '115');
    await shows(element, 'It is here.');
    control(element, 'Open the case').click();
    await until('it has the focus', () => focusIn(element)?.id === 'case-115');
    const top = (selector: string): number =>
      element.renderRoot.querySelector(selector)?.getBoundingClientRect().top ?? 0;
    await until('it is the first one', () => Math.abs(top('li.open') - top('.list')) < 4);
  });

  it('opens a case that the filter hides, and one that is far down the list', async () => {
    for (let minute = 2; minute < 90; minute += 1)
      clinic.bff.scans.set(
        String(100 + minute),
        sampleScan(String(100 + minute), { minute: minute * 3000, unread: false }),
      );
    const scan = sampleScan('101', { minute: 1, unread: false });
    clinic.answer = whereAnswer(finding('here', 'open_scan', { orderId: '101', scan }));
    const days: (string | undefined)[] = [];
    const element = clinic.inbox();
    await shows(element, 'Unread');
    control(element, /^Unread/).click();
    await shows(element, 'No scan fits this filter.');
    clinic.bff.answer('POST', '/v1/scans/search', ({ body }) => {
      const { from, to } = body as { from?: string; to?: string };
      days.push(from);
      const all = [...clinic.bff.scans.values()].toSorted((a, b) => (a.modifiedAt < b.modifiedAt ? 1 : -1));
      const wanted = all.filter((one) => (from ?? '') <= one.modifiedAt && one.modifiedAt <= (to ?? '3'));
      const cut = wanted.length > 50;
      const counts = { unread: 0, unmatched: 0, total: all.length };
      return { json: { items: wanted.slice(0, 50), nextCursor: cut ? '50' : null, ...counts } };
    });
    await clinic.ask(element);
    clinic.search(element, '101');
    await shows(element, 'It is here.');
    control(element, 'Open the case').click();
    await until('the case is open', () => element.shadowRoot?.querySelector('#detail-101') !== null);
    assert.isDefined(
      days.find((from) => from !== undefined),
      'listed by its day',
    );
    await shows(element, 'Show all');
  });

  it('says that a case cannot be shown any more', async () => {
    const scan = sampleScan('999', { minute: 9 });
    clinic.answer = whereAnswer(finding('here', 'open_scan', { orderId: '999', scan }));
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, '999');
    await shows(element, 'It is here.');
    control(element, 'Open the case').click();
    await shows(element, 'This case can no longer be shown here');
    assert.isTrue(dialogOf(element)?.open);
    await assertAccessible(element);
  });

  it('closes by button and by Escape, gives the focus back, and forgets what was looked for', async () => {
    clinic.answer = whereAnswer(finding('sending', 'wait', { evidence: [evidence('scanned_as', CANARY)] }));
    const element = clinic.inbox();
    const dialog = await clinic.ask(element);
    clinic.search(element, CANARY);
    await shows(element, 'has left the scanner');
    control(element, 'Close').click();
    await until('it is closed', () => !dialog.open);
    assert.equal(focusIn(element)?.getAttribute('part'), 'where-open');
    await element.updateComplete;
    assert.notInclude(element.shadowRoot?.innerHTML ?? '', CANARY);
    await clinic.ask(element);
    assert.equal(boxOf(element).value, '');
    assert.notInclude(visibleText(element), 'has left the scanner');
    // Escape, as the browser does it.
    dialog.dispatchEvent(new Event('cancel', { cancelable: true }));
    dialog.close();
    await until('it is closed', () => !dialog.open && dialog.textContent.trim() === '');
  });

  it('keeps what was looked for out of addresses, events, storage and history', async () => {
    clinic.answer = whereAnswer(
      finding('other_identity', 'check_patient', { evidence: [evidence('scanned_as', `${CANARY}, C-1`)] }),
    );
    const told: string[] = [];
    const listen = (event: Event): void => void told.push(JSON.stringify((event as CustomEvent).detail ?? null));
    const names = ['itero-ready', 'itero-error', 'itero-scan-opened', 'itero-scan-updated', 'itero-unread-change'];
    for (const name of names) document.addEventListener(name, listen);
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, CANARY);
    await shows(element, 'another name or chart number');
    control(element, 'Close').click();
    for (const name of names) document.removeEventListener(name, listen);
    const kept = await keptInBrowser();
    const paths = clinic.bff.calls.map(({ path }) => path);
    for (const place of [...told, ...paths, location.href, JSON.stringify(history.state), kept])
      assert.notInclude(place, 'Qanaryson');
    assert.equal(clinic.bff.calls.filter(({ body }) => JSON.stringify(body ?? '').includes('Qanaryson')).length, 1);
  });

  it('goes with its patient: nothing found for one is seen in the chart of another', async () => {
    clinic.answer = whereAnswer(finding('sending', 'wait'));
    const element = clinic.inbox('chart-number="C-100"');
    const dialog = await clinic.ask(element);
    await shows(element, 'has left the scanner');
    element.setAttribute('chart-number', 'C-200');
    await element.updateComplete;
    assert.isFalse(dialog.open);
    assert.notInclude(visibleText(element), 'has left the scanner');
  });

  it('narrows nobody else’s list when the session goes to another user while a case is being opened', async () => {
    const old = sampleScan('555', { minute: -90_000 });
    clinic.answer = whereAnswer(finding('here', 'open_scan', { scan: old }));
    const element = clinic.inbox();
    await shows(element, 'Order 101');
    await clinic.ask(element);
    clinic.search(element, 'Quillfeather');
    await shows(element, 'Open the case');
    const reading = clinic.bff.hold('GET', '/v1/scans/555', { json: sampleDetail(old) });
    control(element, 'Open the case').click();
    await until('it is being read', () => clinic.bff.reads('555') === 1);
    clinic.bff.signInAs('somebody-else');
    const before = clinic.bff.searches().length;
    clinic.bff.endSession();
    await until('the other user’s list is asked for', () => clinic.bff.searches().length > before);
    await shows(element, 'Order 101');
    reading.release();
    // Told of and read later: the answer about 555 has come, too.
    clinic.bff.receive(sampleScan('102', { minute: 2 }));
    await shows(element, 'Order 102');
    const lists = clinic.bff.searches().slice(before);
    assert.deepEqual(
      lists.filter(({ limit }) => limit === undefined),
      [{}],
    );
  });

  it('a search that runs ends with its element', async () => {
    clinic.bff.hold('POST', '/v1/scans/where', { json: whereAnswer(finding('sending', 'wait')) });
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'Brunner');
    await until('it asks', () => clinic.asked().length === 1);
    element.remove();
    await nextTask();
    const call = clinic.bff.calls.find(({ path }) => path === '/v1/scans/where');
    assert.isTrue(call?.signal?.aborted);
  });

  it('is hidden where the page does not want it', async () => {
    const element = clinic.inbox('no-where');
    await shows(element, 'Order 101');
    assert.isUndefined(findControl(element, 'Where did my scan go?'));
  });
});

async function keptInBrowser(): Promise<string> {
  const kept = [localStorage, sessionStorage].map((storage) => JSON.stringify(Object.entries(storage)));
  for (const { name } of await indexedDB.databases()) {
    const database = await answerOf(indexedDB.open(name ?? ''));
    for (const store of database.objectStoreNames)
      kept.push(JSON.stringify(await answerOf(database.transaction(store).objectStore(store).getAll())));
    database.close();
  }
  return kept.join('\n');
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(new Error('The database does not answer.')));
  });
}
