import { describe, expect, it } from 'vitest';
import { PHASES } from '../../../shared/scan.ts';
import { toOutlines } from '../../../widget/itero-scan-inbox/last-list.ts';
import { LinkRenewal } from '../../../widget/itero-scan-inbox/link-renewal.ts';
import { matcher, NO_FILTER, parseFilter, toQuery } from '../../../widget/itero-scan-inbox/scan-filter.ts';
import { viewName } from '../../../widget/itero-scan-inbox/case-words.ts';
import { patientName, timeAgo } from '../../../widget/itero-scan-inbox/words.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';

describe('the filter', () => {
  it('falls back to all for what does not fit', () => {
    for (const kept of [
      null,
      7,
      'unread',
      {},
      { status: 'x', from: 'y', to: 3 },
      { status: 'all', from: '2026-02-31' },
    ]) {
      expect(parseFilter(kept, true)).toEqual(NO_FILTER);
    }
  });

  it('has no unmatched tray for one patient', () => {
    expect(parseFilter({ status: 'unmatched' }, true).status).toBe('unmatched');
    expect(parseFilter({ status: 'unmatched' }, false).status).toBe('all');
  });

  it('asks for whole days of this place', () => {
    const { from, to } = toQuery({ status: 'all', from: '2026-11-02', to: '2026-11-02' }, null, null);
    expect([new Date(from ?? '').toString(), Date.parse(to ?? '') - Date.parse(from ?? '')]).toEqual([
      new Date(2026, 10, 2).toString(),
      86_400_000 - 1,
    ]);
  });

  it('sends chart number and cursor where there are some', () => {
    expect(toQuery(NO_FILTER, 'C-1', 'next')).toEqual({ chartNumber: 'C-1', cursor: 'next' });
    expect(toQuery({ ...NO_FILTER, status: 'review' }, null, null)).toEqual({ status: 'review' });
  });

  const scan = sampleScan('1', { unread: false, phase: 'review' });
  const without = (state: 'waiting' | 'missing', name: 'ide' | 'gallery' | 'captures'): typeof scan => ({
    ...scan,
    assets: { ...scan.assets, [name]: { ...scan.assets[name], state } },
  });
  it.each([
    ['all', scan, true],
    ['unread', scan, false],
    ['unread', { ...scan, unread: true }, true],
    ['unmatched', scan, false],
    ['unmatched', { ...scan, unmatched: true }, true],
    ['waiting', scan, false],
    ['waiting', without('waiting', 'gallery'), true],
    ['waiting', without('missing', 'ide'), true],
    ['waiting', without('missing', 'captures'), false],
    ...PHASES.map((phase) => [phase, scan, phase === 'review'] as const),
  ] as const)('judges %s as the server does', (status, one, fits) => {
    expect(matcher({ ...NO_FILTER, status })(one)).toBe(fits);
  });

  it('goes by the last change for days', () => {
    const changed = { ...scan, scannedAt: '2026-01-01T12:00:00.000Z', modifiedAt: '2026-11-02T12:00:00.000Z' };
    expect(matcher({ ...NO_FILTER, from: '2026-11-01', to: '2026-11-03' })(changed)).toBe(true);
    expect(matcher({ ...NO_FILTER, to: '2026-10-31' })(changed)).toBe(false);
  });
});

describe('the last list in the browser', () => {
  it('holds no name, chart number, doctor or link', () => {
    const kept = toOutlines([sampleScan('1')]);
    const text = JSON.stringify(kept);
    for (const secret of ['Zoë', 'Quillfeather', 'C-100', 'Okafor', '/v1/']) expect(text).not.toContain(secret);
    expect(kept.map(({ orderId }) => orderId)).toEqual(['1']);
    expect(toOutlines(JSON.parse(text))).toEqual(kept);
  });

  it('survives rubbish', () => {
    for (const kept of [undefined, 'x', [null], [3], [{}], [{ ...sampleScan('1'), phase: 'x' }]])
      expect(toOutlines(kept)).toEqual([]);
  });

  it('is no longer than what is seen of it', () => {
    expect(toOutlines(Array.from({ length: 50 }, () => sampleScan('1')))).toHaveLength(12);
  });
});

describe('links that fail', () => {
  it('are renewed at once, then with growing pauses, and afresh when they had been well', () => {
    const renewal = new LinkRenewal();
    const asked = [0, 1, 14_999, 15_000, 44_000, 45_000, 100_000, 105_000, 2_000_000, 2_000_001, 2_015_000];
    expect(asked.filter((now) => renewal.mayRenew('1', now))).toEqual([
      0, 15_000, 45_000, 105_000, 2_000_000, 2_015_000,
    ]);
  });
});

describe('words', () => {
  it('name the patient’s side of a view', () => {
    expect(viewName('left')).toBe('Left in the picture: patient’s right');
    expect(viewName('right')).toBe('Right in the picture: patient’s left');
  });

  it.each([
    ['Zoë', 'Quillfeather', 'Z. Q.'],
    ['E\u0301lise', 'd’Aubigné', 'E\u0301. d.'],
    ['محمد', 'الأحمد', 'م. ا.'],
    ['', 'Li', 'L.'],
    ['', '', ''],
  ])('shorten %s %s to initials', (firstName, lastName, initials) => {
    expect(patientName({ firstName, lastName, chartNumber: 'C' }, true)).toBe(initials);
  });

  it('say how long ago, whatever the language tag', () => {
    const now = Date.UTC(2026, 10, 23, 12);
    const at = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
    expect(timeAgo(at(5), 'en', now)).toBe('this minute');
    expect(timeAgo(at(720), 'en', now)).toBe('12 minutes ago');
    expect(timeAgo(at(86_400), 'en', now)).toBe('yesterday');
    expect(timeAgo(at(720), 'not a tag!', now)).not.toBe('');
  });
});
