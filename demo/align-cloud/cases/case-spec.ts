/** How fine a case is made: `full` is what a scanner sends, `small` is the same case for tests. */
export type Detail = 'full' | 'small';

export interface CaseTooth {
  /** Universal number, 1–16 upper right to upper left, 17–32 lower left to lower right. */
  adaId: number;
  restorationType?: string;
  material?: string;
  shade?: string;
}

export interface CaseSpec {
  orderId: number;
  orderCode: string;
  rxId: string | null;
  companyId: number;
  companyName: string;
  patient: { firstName: string; lastName: string; chartNumber: string };
  doctorName: string;
  procedure: string;
  procedureType: string | null;
  teeth: CaseTooth[];
  notes?: string;
  /** ISO 8601. */
  scanDate: string;
  /** Rises with each change of files. */
  revision: number;
  variant: 'scan' | 'modeling' | 'rescan' | 'second-interpretation';
  /** The clinic's export settings; by procedure when absent. */
  exportFormat?: 'stl' | 'ply';
  layout?: 'flat' | 'folder';
  /** Whether the operator took screen captures. */
  captures: boolean;
}

/** A finished file on disk. */
export interface CaseFile {
  fileName: string;
  contentType: string;
  sizeBytes: number;
  path: string;
}

/** Restorative work is exported in colour and by another export program than orthodontics (align-api §7). */
export function isRestorative(spec: Pick<CaseSpec, 'procedure'>): boolean {
  return /restorat|implant|denture|removable|crown|bridge/i.test(spec.procedure);
}

export function meshFormat(spec: CaseSpec): 'stl' | 'ply' {
  return spec.exportFormat ?? (isRestorative(spec) ? 'ply' : 'stl');
}
