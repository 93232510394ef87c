import type { Pairing } from '../../shared/pairing.ts';
import type { AssetName, Scan } from '../../shared/scan.ts';
import { VERSION } from '../core/version.ts';
import type { History, Recheck } from './scan-rows.ts';

export interface SupportCase {
  readonly scan: Scan;
  readonly history: History | null;
  readonly recheck: Recheck;
  readonly clinic: Pairing | null;
  /** Of the newest answers about this case. */
  readonly requestIds: readonly string[];
  readonly now: Date;
}

const FILES: Record<AssetName, string> = { ide: 'iDE files', gallery: 'pictures', captures: 'screen captures' };

/**
 * What Align support and the software vendor need to look for a file. In English, since both read it; numbers, times and
 * upstream's own words only: nothing about the patient, nor who treats them.
 */
export function supportDetails({ scan, history, recheck, clinic, requestIds, now }: SupportCase): string {
  const lines: [string, string][] = [
    ['Product', `itero-embed ${VERSION}`],
    ['Written', now.toISOString()],
    ['Environment', clinic?.environment ?? 'not known'],
    ['Account number', clinic?.account?.id ?? 'not known'],
    ['Order number', scan.orderId],
    ['Order code', scan.orderCode ?? 'none'],
    ['RX id', scan.rxId ?? 'none'],
    ['Status', `${scan.status} (${scan.phase}), changed ${scan.modifiedAt}`],
    ['Scanned', scan.scannedAt ?? 'not known'],
    ['Received', `${scan.receivedAt}, learnt by ${scan.learntBy}`],
    ...(['ide', 'gallery', 'captures'] as const).map((name): [string, string] => [
      capital(FILES[name]),
      fileWords(scan, name),
    ]),
    ['Looked for', recheckWords(recheck)],
    ['Request ids', requestIds.length === 0 ? 'none' : requestIds.join(', ')],
  ];
  return [...lines.map(([label, words]) => `${label}: ${words}`), 'Versions, newest first:', ...versions(history)]
    .join('\n')
    .concat('\n');
}

function fileWords({ assets }: Scan, name: AssetName): string {
  const { state, sizeBytes, modifiedAt } = assets[name];
  const size = sizeBytes === null ? '' : `, ${sizeBytes} bytes`;
  return `${state}${size}${modifiedAt === null ? '' : `, changed ${modifiedAt}`}`;
}

function recheckWords(recheck: Recheck): string {
  if (recheck === null) return 'not known';
  const next = recheck.nextAt === null ? 'no more by itself' : `next ${recheck.nextAt}`;
  return `since ${recheck.since}, ${recheck.looks} times, ${next}`;
}

function versions(history: History | null): string[] {
  if (history === null) return ['  not loaded'];
  return history.map(({ number, version, status, modifiedAt, seenAt, learntBy, changed }) => {
    const files = changed.length === 0 ? '' : `, brought ${changed.map((name) => FILES[name]).join(' and ')}`;
    return `  ${number} (${version}): ${status}, changed ${modifiedAt}, seen ${seenAt}, learnt by ${learntBy}${files}`;
  });
}

function capital(words: string): string {
  return words.startsWith('iDE') ? words : words.charAt(0).toUpperCase() + words.slice(1);
}

/** The name of the saved file: the order number says which case it is. */
export function supportFileName({ orderId }: Scan): string {
  return `support-order-${orderId.replaceAll(/[^\w-]/g, '_')}.txt`;
}
