import { describe, expect, it } from 'vitest';
import { supportDetails, supportFileName } from '../../../widget/itero-scan-inbox/support-details.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';
import { sampleDetail, sampleScan } from '../fixtures/scans.fixture.ts';

const CANARY = ['Zyxwvut', 'Qanaryson', 'CHART-9471'] as const;
const base = sampleScan('104', {
  versionNumber: 2,
  status: 'Lab Review',
  phase: 'review',
  doctor: 'Dr. Canary Doctor',
  patient: { firstName: CANARY[0], lastName: CANARY[1], chartNumber: CANARY[2] },
});
const scan = {
  ...base,
  assets: { ...base.assets, ide: { ...base.assets.ide, state: 'missing' as const, sizeBytes: null, modifiedAt: null } },
};
const made = {
  scan,
  history: sampleDetail(scan).history,
  recheck: { since: '2026-11-20T08:00:00.000Z', looks: 61, nextAt: null },
  clinic: aPairing(),
  requestIds: ['req_1', 'req_2'],
  now: new Date('2026-11-23T09:00:00.000Z'),
};

describe('support details', () => {
  it('name order, RX, account, versions with their times, the missing file, how often it was looked for, and the product', () => {
    const text = supportDetails(made);
    for (const part of [
      /^Product: itero-embed \d+\.\d+\.\d+$/m,
      /^Account number: 1017$/m,
      /^Order number: 104$/m,
      /^Order code: AB104$/m,
      /^RX id: rx-104$/m,
      /^iDE files: missing$/m,
      /^Looked for: since 2026-11-20T08:00:00\.000Z, 61 times, no more by itself$/m,
      /^Request ids: req_1, req_2$/m,
      /^ {2}2 \(104-v2\): Lab Review, changed .*, seen .*, learnt by notification, brought iDE files and pictures$/m,
      /^ {2}1 \(104-v1\): Lab Review, .* learnt by poll/m,
    ])
      expect(text).toMatch(part);
  });

  it('hold nothing about the patient, nor about who treats them', () => {
    const text = supportDetails(made);
    for (const word of [...CANARY, 'Canary']) expect(text).not.toContain(word);
    expect(supportFileName(scan)).toBe('support-order-104.txt');
  });

  it('say what is not known', () => {
    const text = supportDetails({
      ...made,
      scan: { ...scan, orderCode: null, rxId: null, scannedAt: null },
      history: null,
      recheck: null,
      clinic: null,
      requestIds: [],
    });
    for (const part of ['Account number: not known', 'RX id: none', 'Looked for: not known', 'Request ids: none'])
      expect(text).toContain(part);
    expect(text).toContain('not loaded');
  });
});
