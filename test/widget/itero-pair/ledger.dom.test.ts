import { assert } from 'chai';
import type { Pairing } from '../../../shared/pairing.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, findControl, mount, nextTask, until, visibleText } from '../../support/dom/page.ts';
import { press, shows, usePairClinic } from '../../support/dom/pair-clinic.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';

describe('the ledger in <itero-pair>', () => {
  const clinic = usePairClinic();
  const asked = (): number => clinic.bff.calls.filter(({ path }) => path === '/v1/pairing').length;
  const counted = (ledger: Partial<Pairing['ledger']>, health: Partial<Pairing['health']> = {}): Pairing => {
    const base = aPairing();
    return aPairing({ ledger: { ...base.ledger, ...ledger }, health: { ...base.health, ...health } });
  };

  it('tells a practice manager in plain words what the numbers mean, and up to when nothing can be missing', async () => {
    clinic.pairing = counted({ backfilled: 5, waiting: 1, pending: 2, provedUntil: '2026-11-23T09:41:00.000Z' });
    const element = clinic.pair();
    await shows(element, '1 of them waits for a file, 2 more are being read');
    const details = element.shadowRoot?.querySelector('details') as HTMLDetailsElement;
    assert.isFalse(details.open, 'folded until somebody asks');
    press(element, 'What these numbers mean');
    assert.isTrue(details.open);
    const text = details.textContent.replaceAll(/\s+/g, ' ');
    for (const part of [
      'iTero told of the case',
      'found it: it came later, and was not lost',
      'It was at iTero already when the clinic was connected',
      'its files are not complete at iTero yet',
      'has not given it out yet',
      'Everything that changed at iTero from when the clinic was connected up to',
      'by notification, from before and recovered add up to the cases',
    ])
      assert.include(text, part);
    await assertAccessible(element);
  });

  it('explains only what is counted', async () => {
    const element = clinic.pair();
    await shows(element, 'What these numbers mean');
    assert.notMatch(visibleText(element), /From before|Waits for a file|Being read|Everything that changed/);
  });

  it('warns when the regular check is overdue, and says what to do', async () => {
    clinic.pairing = counted({ behind: true });
    const element = clinic.pair();
    await shows(element, 'The regular check is overdue');
    assert.match(visibleText(element), /Needs attention.*If this stays, tell your software vendor/);
    await assertAccessible(element);
  });

  it('does not call a clinic overdue whose first check has yet to run', async () => {
    clinic.pairing = counted({ cases: 0, byNotification: 0, recovered: 0 }, { lastFullCheckAt: null });
    const element = clinic.pair();
    await shows(element, '0 cases, 0 by notification, 0 recovered, not checked yet');
    assert.notMatch(visibleText(element), /overdue|Needs attention/);
  });

  it('counts anew when a scan comes', async () => {
    const element = clinic.pair();
    await shows(element, '43 cases');
    clinic.pairing = counted({ cases: 44, byNotification: 42 });
    clinic.bff.push('scan.received', { orderId: '7', version: 'v' });
    await shows(element, '44 cases, 42 by notification');
  });

  it('asks once for a burst of scans', async () => {
    const element = clinic.pair();
    await shows(element, '43 cases');
    await until('the stream is open', () => clinic.bff.openStreams === 1);
    const before = asked();
    const began = performance.now();
    for (let scan = 0; scan < 100; scan += 1) clinic.bff.push('scan.received', { orderId: String(scan), version: 'v' });
    await until('it asks', () => asked() > before);
    for (let task = 0; task < 20; task += 1) await nextTask();
    // Once more each two seconds, should a starved page have taken that long.
    assert.isAtMost(asked() - before, 1 + Math.floor((performance.now() - began) / 2_000));
  });

  it('is hidden where the page does not want it', async () => {
    const element = mount(`<itero-pair session-url="${SESSION_URL}" no-ledger></itero-pair>`);
    await shows(element, 'How new scans arrive');
    assert.notInclude(visibleText(element), '43 cases');
    assert.isUndefined(findControl(element, 'What these numbers mean'));
  });
});
