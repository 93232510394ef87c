/** Whoever asks is answered after eight seconds, whatever upstream does not answer; through the whole BFF. */
import { afterEach, expect, it } from 'vitest';
import type { ScanRequest } from '../../../shared/scan-request.ts';
import type { Practice } from '../../../shared/practice.ts';
import type { WhereAnswer } from '../../../shared/where.ts';
import { openStand, type Stand } from '../faults/support/stand.ts';

const PATIENCE_MS = 8000;

let stand: Stand;
afterEach(() => stand.close());

/** Upstream takes two minutes for everything that is asked of it to say where a scan is. */
function hang(): void {
  for (const on of ['getOrderByRxId', 'getFullRx', 'getPracticeConfiguration'] as const) {
    stand.cloud.faults.add({ on, kind: 'slow', ms: 120_000, times: 'always' });
  }
}

async function where(text: string): Promise<WhereAnswer & { tookMs: number }> {
  const { clock } = stand.cloud;
  const began = clock.now();
  const isAnswered = new AbortController();
  const asked = stand
    .ask<WhereAnswer>('POST', '/v1/scans/where', { text })
    .then((answer) => ({ ...answer, tookMs: clock.now() - began }))
    .finally(() => isAnswered.abort());
  for (let second = 0; second < 60 && !isAnswered.signal.aborted; second += 1) {
    // What the question waits for is under way before the clock moves on.
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    await stand.advance(1000);
  }
  return asked;
}

it('says of an RX that upstream gave no answer, though the practice configuration is asked for as well', async () => {
  stand = await openStand();
  const practice = await stand.ask<Practice>('GET', '/v1/practice');
  const request = await stand.ask<ScanRequest>('POST', '/v1/scan-requests', {
    ...stand.draftOf({ firstName: 'Ann', lastName: 'Beecham', chartNumber: 'C-1' }),
    scannerSerialNumber: practice.scanners.find(({ supported }) => supported)?.serialNumber,
  });
  // What was read for sending is not fresh any more.
  await stand.advance(11 * 60_000);
  hang();
  const { findings, tookMs } = await where(request.rxId ?? '');
  expect(tookMs).toBeLessThanOrEqual(PATIENCE_MS + 1000);
  expect(findings[0]?.evidence.find(({ kind }) => kind === 'asked_upstream')?.value).toBe('no_answer');
});

it.each([
  ['judges a scanner by what was read before', true, 'scanner_too_old'],
  ['says nothing of a scanner that it never read of', false, 'files_missing'],
])('%s, when upstream does not say', async (_, isKnown, rule) => {
  stand = await openStand();
  stand.cloud.play('old-scanner');
  await stand.advance(3000);
  if (isKnown) await where('Oldcart');
  await stand.advance(11 * 60_000);
  hang();
  const { findings, tookMs } = await where('Oldcart');
  expect(findings[0]?.rule).toBe(rule);
  expect(tookMs).toBeLessThanOrEqual(PATIENCE_MS + 1000);
});
