/** What the simulated cloud knows. Times are milliseconds since 1970 by the simulator's clock. */

export type Problem422Fields = Record<string, string>;

export interface User {
  id: string;
  login: string;
  password: string;
  firstName: string;
  lastName: string;
  /** Absent for a user whom Align has not given a "type" yet (align-api §1). */
  type: 'Dentist' | 'Orthodontist' | 'Hygienist' | undefined;
  roles: readonly ('doctor' | 'lab')[];
  companyIds: readonly number[];
  hint: string;
}

export type AssetMode = 'bearer' | 'presigned' | 'redirect';

export interface Account {
  companyId: number;
  companyName: string;
  city: string;
  country: string;
  isConfigured: boolean;
  /** Which of the two documented statuses this account's refusals carry. */
  notPairedStatus: 401 | 403;
  assetModes: Record<AssetType, AssetMode>;
  practice: Practice;
  /** From the pairing request; un-pair removes it. */
  callbackUrl: string | undefined;
  /** User id → grant id of those who are paired now. */
  paired: Map<string, string>;
}

export interface IdName {
  Id: number;
  Name: string;
}

export interface Doctor {
  id: number | string;
  firstName: string;
  lastName: string;
  type: string;
  licenseNumber: string;
}

export interface ProcedureType {
  id: number;
  name: string;
  needsTeeth: boolean;
}

export interface Procedure {
  id: number;
  name: string;
  caseType: string;
  types: readonly ProcedureType[];
}

export interface Practice {
  doctors: readonly Doctor[];
  scanners: readonly { serialNumber: string; name: string; model: string }[];
  labs: readonly { id: number | string; name: string }[];
  procedures: readonly Procedure[];
  rxDefinition: Record<string, readonly (IdName & { IsActive?: boolean })[]>;
}

export interface Grant {
  id: string;
  userId: string;
  /** The account that Pair bound this grant to; null between sign-in and Pair. */
  companyId: number | null;
  accessToken: string;
  accessExpiresAt: number;
  refreshToken: string;
  revoked: boolean;
}

export interface Patient {
  patientId: number;
  companyId: number;
  firstName: string;
  lastName: string;
  chartNumber: string;
  dateOfBirth: string | undefined;
}

export interface RxTooth {
  adaId: number;
  restorationType?: string;
  materialId?: number;
  shade?: string;
}

export interface Rx {
  rxId: string;
  companyId: number;
  /** `dpms` came by Scan Request, `scanner` was made at the chair. */
  source: 'dpms' | 'scanner';
  state: 'created' | 'scanning' | 'scanned';
  createdDate: number;
  patientId: number;
  doctorId: number | string;
  scannerSerialNumber: string | undefined;
  labId: number | string | undefined;
  procedureId: number;
  procedureTypeId: number | undefined;
  teeth: readonly RxTooth[];
  dueDate: string | undefined;
  notes: string | undefined;
}

export type OrderStatus = 'Scanning' | 'Completed' | 'iTero Modeling' | 'Lab Review' | 'iTero Milling';

export type AssetType = 'IDE' | 'IMAGE_GALLERY' | 'SCREEN_CAPTURES';

export const ASSET_TYPES: readonly AssetType[] = ['IDE', 'IMAGE_GALLERY', 'SCREEN_CAPTURES'];

export interface AssetFile {
  fileName: string;
  contentType: string;
  sizeBytes: number;
  path: string;
}

export interface Asset {
  type: AssetType;
  revision: number;
  modifiedDate: number;
  /** Undefined until somebody asks for a file of an old case: it is made then. */
  sizeBytes: number | undefined;
  open: () => Promise<AssetFile>;
}

export type Variant = 'scan' | 'modeling' | 'rescan' | 'second-interpretation';

export interface Order {
  orderId: number;
  orderCode: string;
  rxId: string;
  companyId: number;
  patientId: number;
  status: OrderStatus;
  scanDate: number;
  modifiedDate: number;
  revision: number;
  variant: Variant;
  exportFormat: 'stl' | 'ply' | undefined;
  layout: 'flat' | 'folder' | undefined;
  captures: boolean;
  assets: Map<AssetType, Asset>;
  /** Orders are listed once their first files were tried for. */
  available: boolean;
  /** True while new files are being made. */
  busy: boolean;
  /** Calls off the return of a missing file when something newer replaces it. */
  pending: Map<AssetType, () => void>;
}

export interface NotificationRecord {
  id: number;
  at: number;
  companyId: number;
  rxId: string;
  why: string;
  outcome: 'sending' | 'waiting' | 'delivered' | 'refused' | 'timed out' | 'failed' | 'dropped' | 'no callback';
  status: number | undefined;
  note: string | undefined;
}

export interface CallRecord {
  id: number;
  at: number;
  point: string;
  companyId: number | undefined;
  /** The upper bound that was asked for, where one was: the calls of one round of listings share it. */
  toDate: string | undefined;
  status: number | 'cut off';
  fault: string | undefined;
}
