import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseSpec } from '../../../demo/align-cloud/cases/index.ts';

export function sampleCase(changes: Partial<CaseSpec> = {}): CaseSpec {
  return {
    orderId: 123456789,
    orderCode: 'AB12CD34',
    rxId: '3f0c8a52-6d6b-4c4e-9a10-0f6a5d1c9b11',
    companyId: 1017,
    companyName: 'Clinic <& Sons>',
    patient: { firstName: 'Zoë שרה', lastName: "O'Neil-Ångström", chartNumber: 'C-17/3' },
    doctorName: 'Dr. "Bo" Müller',
    procedure: 'Study Model/iRecord',
    procedureType: null,
    teeth: [],
    notes: 'Margin: see ]]> & <photo>\u0007',
    scanDate: '2026-11-02T10:15:00Z',
    revision: 1,
    variant: 'scan',
    captures: true,
    ...changes,
  };
}

/** A patient whose mouth has all fourteen teeth in both arches, none of them crooked. */
export const wholeMouth = { firstName: 'Anna', lastName: 'x', chartNumber: '2' };

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'cases-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What the system's unzip says; throws when it finds a fault. */
export function unzipTest(path: string): string {
  return execFileSync('unzip', ['-t', path], { encoding: 'utf8' });
}
