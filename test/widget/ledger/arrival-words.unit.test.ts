import { describe, expect, it } from 'vitest';
import type { Pairing } from '../../../shared/pairing.ts';
import { arrivalFault, callbackWords, checkedLine, ledgerLine } from '../../../widget/ledger/arrival-words.ts';
import { aPairing, unpaired } from '../fixtures/pairings.fixture.ts';

const now = new Date(2026, 10, 23, 10, 0);
const at = (hours: number, minutes: number, day = 23): string => new Date(2026, 10, day, hours, minutes).toISOString();

function clinic(ledger: Partial<Pairing['ledger']> = {}, health: Partial<Pairing['health']> = {}): Pairing {
  const base = aPairing();
  return aPairing({
    ledger: { ...base.ledger, ...ledger },
    health: { ...base.health, lastFullCheckAt: at(9, 42), nextCheckAt: at(9, 44), ...health },
  });
}

describe('the line of the ledger', () => {
  it('adds up, and says when it was checked', () => {
    expect(ledgerLine(clinic(), 'en-GB', now)).toBe('43 cases, 41 by notification, 2 recovered, checked 09:42');
  });

  it('is singular for one', () => {
    const line = ledgerLine(
      clinic({ cases: 1, byNotification: 1, recovered: 0, waiting: 1, pending: 1 }),
      'en-GB',
      now,
    );
    expect(line).toBe(
      '1 case, 1 by notification, 0 recovered, 1 of them waits for a file, 1 more is being read, checked 09:42',
    );
  });

  it('names the cases from before the clinic was connected, and those that wait', () => {
    const line = ledgerLine(clinic({ cases: 12_043, backfilled: 12_000, waiting: 3, pending: 2 }), 'en-GB', now);
    expect(line).toBe(
      '12,043 cases, 41 by notification, 12,000 from before, 2 recovered, 3 of them wait for a file, 2 more are being read, checked 09:42',
    );
  });

  it('writes numbers and times as the language does', () => {
    expect(ledgerLine(clinic({ cases: 12_043 }), 'de-DE', now)).toMatch(/^12\.043 cases/);
    expect(ledgerLine(clinic(), 'en-US', now)).toMatch(/checked 09:42 AM$/);
  });

  it('has the date when the check was on another day', () => {
    expect(ledgerLine(clinic({}, { lastFullCheckAt: at(9, 42, 21) }), 'en-GB', now)).toMatch(/checked 21 Nov, 09:42$/);
  });

  it('says that nothing was checked yet', () => {
    expect(ledgerLine(clinic({}, { lastFullCheckAt: null }), 'en-GB', now)).toMatch(/, not checked yet$/);
    expect(checkedLine(clinic({}, { lastFullCheckAt: null }).health, 'en-GB', now)).toBe('Not checked yet');
  });
});

describe('what keeps scans from coming at once', () => {
  const words = (ledger: Partial<Pairing['ledger']>, health: Partial<Pairing['health']> = {}): string | null =>
    arrivalFault(clinic(ledger, health), 'en-GB', now);

  it('is nothing in a clinic that is well', () => {
    expect(words({})).toBeNull();
    expect(words({}, { callback: 'registered' })).toBeNull();
  });

  it('is a check that is overdue: since when, what it means, and what to do', () => {
    expect(words({ behind: true })).toBe(
      'The regular check is overdue, the last was at 09:42: cases that iTero did not tell of may still be missing. ' +
        'It is tried again by itself, next at 09:44. If this stays, tell your software vendor.',
    );
    expect(words({ behind: true }, { nextCheckAt: null })).toContain('It is tried again by itself.');
  });

  it('is not a first check that has yet to run, but one that does not come to its end', () => {
    expect(words({}, { lastFullCheckAt: null })).toBeNull();
    expect(words({ behind: true }, { lastFullCheckAt: null })).toMatch(
      /^The first check has not come to its end: .* next at 09:44\. If this stays, tell your software vendor\.$/,
    );
  });

  it('is a case that cannot be read, and where it can be seen meanwhile', () => {
    expect(words({}, { problem: 'upstream_wrong_shape' })).toContain('until then look for it in MyiTero');
    expect(ledgerLine(clinic({ unreadable: 1 }), 'en-GB', now)).toContain(', 1 at iTero cannot be read yet, checked');
  });

  it('is a check that fails, with what to do', () => {
    expect(words({}, { problem: 'upstream_unavailable' })).toContain('iTero cannot be reached at the moment');
    expect(words({}, { problem: 'service_misconfigured' })).toMatch(/not set up .* tell your software vendor/);
    expect(words({ behind: true }, { problem: 'user_not_allowed' })).toMatch(
      /overdue.*This iTero user may not do this/,
    );
  });

  it.each(['suspect', 'none'] as const)('are notifications that do not come (%s)', (callback) => {
    expect(words({}, { callback })).toContain('the regular check finds them, a few minutes later');
  });

  it('is told otherwise where the clinic is not connected', () => {
    expect(arrivalFault(unpaired(), 'en-GB', now)).toBeNull();
  });
});

it('notifications have words in each state', () => {
  const { health } = clinic();
  expect(callbackWords({ ...health, callback: 'registered', lastNotificationAt: null })).toContain('none has come yet');
  expect(callbackWords({ ...health, callback: 'registered' })).toContain('none has come since');
  expect(callbackWords({ ...health, callback: 'confirmed' })).toBe('Arriving.');
  expect(callbackWords({ ...health, callback: 'suspect' })).toContain('signing in again does it at once');
  expect(callbackWords({ ...health, callback: 'none' })).toContain('Not set up');
});
