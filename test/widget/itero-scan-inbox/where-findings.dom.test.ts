import { assert } from 'chai';
import { WHERE_ACTIONS, WHERE_RULES, type WhereRule } from '../../../shared/finding.ts';
import { shows, useWhereClinic } from '../../support/dom/where-clinic.ts';
import { assertAccessible, control, findControl, mount, visibleText } from '../../support/dom/page.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';
import { ASKED_AT, evidence, finding, USUAL, whereAnswer } from '../fixtures/where.fixture.ts';

const WORDS: Readonly<Record<WhereRule, string>> = {
  here: 'It is here.',
  never_opened: 'not been opened on the scanner yet',
  sending: 'It has left the scanner',
  modeling: 'still working on the model',
  other_identity: 'scanned under another name or chart number',
  files_missing: 'a file is missing',
  not_connected: 'not connected to iTero',
  no_notifications: 'iTero does not tell of new scans',
  scanner_too_old: 'too old to send its scans here',
  other_clinic: 'another iTero account',
  unknown: 'Nothing was found',
};
const MY_ITERO = 'https://myitero.example/cases/101';

describe('a finding', () => {
  const clinic = useWhereClinic();
  const controls = (element: Element): HTMLElement[] => [
    ...(element.shadowRoot?.querySelectorAll<HTMLElement>('.finding :is(button, a)') ?? []),
  ];

  for (const rule of WHERE_RULES) {
    it(`“${rule}” is one sentence, its evidence with times, and one thing to do`, async () => {
      const scan = ['here', 'files_missing', 'other_identity'].includes(rule)
        ? sampleScan('101', { otherIdentity: rule === 'other_identity' })
        : null;
      clinic.answer = whereAnswer(
        finding(rule, USUAL[rule], {
          scan,
          myIteroUrl: scan && MY_ITERO,
          evidence: [evidence('status', 'Completed', '2026-11-22T09:30:00.000Z'), evidence('last_notification', null)],
        }),
      );
      const element = clinic.inbox();
      await clinic.ask(element);
      clinic.search(element, 'x');
      await shows(element, WORDS[rule]);
      assert.match(
        visibleText(element),
        /Status at iTero Completed , \d\d Nov( \d{4})?, \d\d:\d\d Last notification none yet/,
      );
      assert.equal(controls(element).length, 1, 'one thing to do');
      await assertAccessible(element);
    });
  }

  for (const action of WHERE_ACTIONS) {
    it(`has something to press for “${action}” even when nothing else is known of it`, async () => {
      clinic.answer = whereAnswer(finding('here', action));
      const element = clinic.inbox();
      await clinic.ask(element);
      clinic.search(element, 'x');
      await shows(element, 'It is here.');
      assert.equal(controls(element).length, 1);
    });
  }

  it('waits with the time when iTero is asked next', async () => {
    clinic.answer = whereAnswer(
      finding('sending', 'wait', { evidence: [evidence('next_check', null, '2026-11-21T09:44:00.000Z')] }),
    );
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(
      element,
      /Nothing to do: it shows here by itself\. iTero is asked next at \d\d Nov( \d{4})?, \d\d:\d4\./,
    );
  });

  it('leads to MyiTero in a new tab that learns nothing of this page', async () => {
    clinic.answer = whereAnswer(finding('files_missing', 'open_my_itero', { myIteroUrl: MY_ITERO }));
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'a file is missing');
    const link = control(element, /^Open in MyiTero/) as HTMLAnchorElement;
    assert.deepEqual([link.href, link.target, link.rel], [MY_ITERO, '_blank', 'noopener noreferrer']);
  });

  it('leads to the settings that the page names, and to nothing but a web address', async () => {
    clinic.answer = whereAnswer(finding('not_connected', 'connect'));
    const element = clinic.inbox('settings-url="/settings"');
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'Open the settings');
    const link = control(element, 'Open the settings') as HTMLAnchorElement;
    assert.equal(link.href, new URL('/settings', document.baseURI).href);
    assert.include(visibleText(element), 'Ask whoever manages the iTero connection');
    element.settingsUrl = 'javascript:alert(1)';
    await element.updateComplete;
    assert.isUndefined(findControl(element, 'Open the settings'));
  });

  it('leads to the iTero connection where that is on the same page', async () => {
    clinic.answer = whereAnswer(finding('not_connected', 'connect'));
    const pair = mount(`<itero-pair session-url="${SESSION_URL}"></itero-pair>`);
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'Go to the iTero connection');
    assert.include(visibleText(element), 'Connect the clinic again.', 'this session may');
    control(element, 'Go to the iTero connection').click();
    await element.updateComplete;
    assert.equal(document.activeElement, pair);
  });

  it('“search again” puts the keyboard into the box, its text marked; in a chart it unfolds the box', async () => {
    clinic.answer = whereAnswer(finding('unknown', 'search_again'));
    const element = clinic.inbox('chart-number="C-100"');
    await clinic.ask(element);
    await shows(element, 'Nothing was found');
    control(element, 'Search for something else').click();
    assert.equal(element.shadowRoot?.activeElement?.id, 'where-text');
    assert.isTrue(element.shadowRoot?.querySelector<HTMLDetailsElement>('.other-words')?.open);
  });

  for (const [what, found, sentence, advice] of [
    [
      'a request that is just being sent',
      finding('never_opened', 'wait', { evidence: [evidence('request_state', 'sending')] }),
      'The request is just being sent to the scanner.',
      'it shows here by itself',
    ],
    [
      'a cancelled request',
      finding('unknown', 'send_again', { evidence: [evidence('request_state', 'cancelled')] }),
      'The request was cancelled, so nothing was scanned for it.',
      'Send a new request',
    ],
    [
      'a refused request',
      finding('unknown', 'send_again', { evidence: [evidence('request_state', 'refused')] }),
      'iTero refused the request',
      'Send a new request',
    ],
    [
      'an unconfirmed request',
      finding('unknown', 'look_at_scanner', { evidence: [evidence('request_state', 'unconfirmed')] }),
      'It is not known whether the request reached the scanner.',
      'before you send it again',
    ],
    [
      'a request that iTero does not know',
      finding('unknown', 'look_at_scanner', {
        evidence: [evidence('request_sent', 'rx-1'), evidence('asked_upstream', 'not_found')],
      }),
      'iTero does not know this request, or does not know it any more.',
      'If not, and the request is not there, send a new one.',
    ],
    [
      'a request of which iTero says a word that nobody here knows',
      finding('unknown', 'look_at_scanner', {
        evidence: [evidence('request_sent', 'rx-1'), evidence('asked_upstream', 'On Hold')],
      }),
      'iTero says of the request: “On Hold”.',
      'Look at the scanner whether it was scanned and sent.',
    ],
    [
      'a typed RX id of which iTero says a word that nobody here knows',
      finding('unknown', 'look_at_scanner', { evidence: [evidence('asked_upstream', 'On Hold')] }),
      'iTero says of it: “On Hold”.',
      'Look at the scanner whether it was scanned and sent.',
    ],
    [
      'a request whose case comes in this moment',
      finding('unknown', 'wait', { evidence: [evidence('request_sent', 'rx-1'), evidence('asked_upstream', 'found')] }),
      'A scan of it is at iTero, and is just being taken in here.',
      'it has a scan of it',
    ],
    [
      'a case that may be of a request without an answer',
      finding('here', 'open_scan', {
        scan: sampleScan('101'),
        evidence: [evidence('request_state', 'unconfirmed')],
      }),
      'A scan that may be of this request is here.',
      'Open the case',
    ],
    [
      'a case that is here, while a newer one may be missed',
      finding('here', 'open_scan', { scan: sampleScan('101'), evidence: [evidence('next_check', null, ASKED_AT)] }),
      'It is here.',
      'Looking for a newer one? iTero is asked next at ',
    ],
    [
      'a request that only has a similar name',
      finding('never_opened', 'open_on_scanner', { similar: true, evidence: [evidence('request_sent', 'rx-1')] }),
      'has not been opened on the scanner yet',
      'Only the name looks like what you typed: it may be another patient’s.',
    ],
    [
      'a request of which iTero says nothing',
      finding('unknown', 'wait', {
        evidence: [evidence('request_sent', 'rx-1'), evidence('asked_upstream', 'no_answer')],
      }),
      'iTero has not said yet where the scan is.',
      'it gave no answer',
    ],
    [
      'a request that is open on the scanner',
      finding('sending', 'wait', { evidence: [evidence('asked_upstream', 'Scanning')] }),
      'It is open on the scanner, which has not sent it yet.',
      'Finish the scan on the scanner and send it',
    ],
    [
      'a scan that the scanner is sending',
      finding('sending', 'wait', { evidence: [evidence('asked_upstream', 'Sending')] }),
      'It was scanned, and the scanner is still sending it.',
      'it shows here by itself',
    ],
    [
      'a scan that the scanner has sent',
      finding('sending', 'wait', { evidence: [evidence('asked_upstream', 'Exporting to Doctor Site')] }),
      'It has left the scanner, and iTero has not made the case ready yet.',
      'it shows here by itself',
    ],
    [
      'a request without a scan while iTero does not answer',
      finding('never_opened', 'open_on_scanner', {
        evidence: [evidence('asked_upstream', 'no_answer'), evidence('last_full_check', null, ASKED_AT)],
      }),
      'The request was sent, and no scan of it has come so far.',
      'Look at the scanner whether it was scanned and sent.',
    ],
    [
      'a name that only looks alike',
      finding('other_identity', 'check_patient', { scan: sampleScan('101') }),
      'A scan with a similar name is here. It may be another patient’s.',
      'Is it this patient?',
    ],
    [
      'a case in the list whose model is being made',
      finding('modeling', 'wait', { scan: sampleScan('101') }),
      'It is here, and iTero is still working on the model.',
      'what is new shows here by itself',
    ],
    [
      'a case in the list that is scanned again',
      finding('sending', 'wait', { scan: sampleScan('101', { phase: 'rescan' }) }),
      'The scan is here, and it is being scanned again.',
      'Open the case',
    ],
    [
      'a case in the list from a scanner that is too old',
      finding('scanner_too_old', 'use_newer_scanner', { scan: sampleScan('101') }),
      'The case is here, but this scanner is too old to send its files.',
      'Take the files from MyiTero.',
    ],
    [
      'an RX id that iTero was asked for, and does not know',
      finding('unknown', 'search_again', { evidence: [evidence('asked_upstream', 'not_found')] }),
      'Nothing was found, neither here nor at iTero.',
      'Look at the scanner whether the scan was sent.',
    ],
    [
      'an RX id while iTero does not answer',
      finding('unknown', 'search_again', { evidence: [evidence('asked_upstream', 'no_answer')] }),
      'Nothing was found here, and iTero gave no answer.',
      'Look at the scanner whether the scan was sent.',
    ],
    [
      'a clinic in which nobody is signed in',
      finding('not_connected', 'connect', { evidence: [evidence('account_lost', 'needs_login')] }),
      'Nobody is signed in to iTero any more: no scan can arrive.',
      'to sign in again in the settings',
    ],
    [
      'a clinic that somebody disconnected elsewhere',
      finding('not_connected', 'connect', { evidence: [evidence('account_lost', 'lost', '2026-11-20T08:00:00.000Z')] }),
      'This clinic is not connected to iTero: no scan can arrive.',
      'Connection ended by somebody else , ',
    ],
  ] as const) {
    it(`says of ${what} what it means and what to do`, async () => {
      clinic.answer = whereAnswer(found);
      const element = clinic.inbox();
      await clinic.ask(element);
      clinic.search(element, 'x');
      await shows(element, sentence);
      assert.include(visibleText(element), advice);
    });
  }

  it('sends nobody from a chart to the scanner again who may have typed the name anew there', async () => {
    clinic.answer = whereAnswer(finding('never_opened', 'open_on_scanner'));
    const chart = clinic.inbox('chart-number="C-100"');
    await clinic.ask(chart);
    await shows(chart, 'Scanned already? Then look first among the unmatched scans in the clinic’s inbox.');
    const wide = clinic.inbox();
    await clinic.ask(wide);
    clinic.search(wide, 'x');
    await shows(wide, 'At the scanner, choose this request');
    assert.notInclude(visibleText(wide), 'unmatched scans');
  });

  it('leads to the form for requests where that is on the same page', async () => {
    clinic.answer = whereAnswer(
      finding('unknown', 'send_again', { evidence: [evidence('request_state', 'cancelled')] }),
    );
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'Search for something else');
    const form = mount(`<itero-scan-request session-url="${SESSION_URL}" chart-number="C-1"></itero-scan-request>`);
    element.requestUpdate();
    await shows(element, 'Go to the scan request');
    control(element, 'Go to the scan request').click();
    await element.updateComplete;
    assert.isTrue(document.activeElement === form);
  });

  it('shows request states and files in words, upstream’s own as they are', async () => {
    clinic.answer = whereAnswer(
      finding('never_opened', 'open_on_scanner', {
        evidence: [
          evidence('request_state', 'unconfirmed'),
          evidence('missing_file', 'gallery'),
          evidence('asked_upstream', '404'),
          evidence('scanner', 'Room 1, Element 5D'),
        ],
      }),
    );
    const element = clinic.inbox();
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'not confirmed by iTero: look at the scanner');
    assert.match(visibleText(element), /Missing pictures.*iTero was asked 404.*Scanner Room 1, Element 5D/);
  });

  it('shows initials only where privacy is asked for', async () => {
    clinic.answer = whereAnswer(
      finding('other_identity', 'check_patient', {
        scan: sampleScan('101', { patient: { firstName: 'Zyxwvut', lastName: 'Qanaryson', chartNumber: 'C-77' } }),
        evidence: [evidence('requested_as', 'Zyxwvut Qanaryson, C-77'), evidence('scanned_as', 'Ýxa Örn, C-78')],
      }),
    );
    const element = clinic.inbox('privacy');
    await clinic.ask(element);
    clinic.search(element, 'x');
    await shows(element, 'Requested as Z. Q.');
    const text = visibleText(element);
    assert.include(text, 'Scanned as Ý. Ö.');
    assert.notMatch(text, /Zyxwvut|Qanaryson|C-7[78]/);
  });
});
