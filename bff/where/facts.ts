import type { ConnectionRow, ScanRequestRow } from '../store/schema.ts';
import type { MarkedScan } from '../scans/case-query.ts';

/** What upstream said about one RX just now. */
export type RxAnswer =
  /** Its case came and was merged: it is among the cases. */
  | { readonly kind: 'found' }
  /** It is on the scanner or on its way; upstream's own word for where. */
  | { readonly kind: 'status'; readonly status: string }
  /** The connected account has no such RX. */
  | { readonly kind: 'not_found' }
  /** It belongs to another account. */
  | { readonly kind: 'other_account' }
  /** It could not be asked: upstream is away, or did not answer in time. */
  | { readonly kind: 'no_answer' };

export interface ScannerFact {
  /** Name and model, as the practice configuration has them. */
  readonly name: string;
  readonly supported: boolean;
}

/** One case of the connected account that the session may see. */
export interface CaseFact {
  readonly row: MarkedScan;
  /** `similar`: it is not what was asked for, but may be it under another name. */
  readonly match: 'exact' | 'similar';
  /** The request it answers or may answer; null also when the session may not know of it. */
  readonly request: ScanRequestRow | null;
  readonly scanner: ScannerFact | null;
}

/** A request for which no case is known. */
export interface RequestFact {
  readonly row: ScanRequestRow;
  /** `similar`: nothing was found under what was typed, and this name looks like it. */
  readonly match: 'exact' | 'similar';
  readonly answer: RxAnswer | null;
  readonly scanner: ScannerFact | null;
  /** An order that may answer it, where its own sending got no clear answer. */
  readonly possible: MarkedScan | null;
}

/** An id that this clinic has under another account than the connected one. */
export interface ElsewhereFact {
  readonly accountName: string;
  readonly orderId: string;
}

export interface Facts {
  /** The newest connection; null: the clinic was never connected. */
  readonly connection: ConnectionRow | null;
  /** Account id → name, of every account that this clinic was connected to. */
  readonly accounts: ReadonlyMap<string, string>;
  /** When the account is listed next (ms since the epoch). */
  readonly nextCheckAt: number | null;
  readonly cases: readonly CaseFact[];
  readonly requests: readonly RequestFact[];
  readonly elsewhere: readonly ElsewhereFact[];
  /** What upstream said to the RX id that was typed; null: none was, or it was not asked. */
  readonly typed: { readonly rxId: string; readonly answer: RxAnswer } | null;
  /** Chart number of a patient-bound session. */
  readonly chart: string | null;
  /** ms since the epoch. */
  readonly now: number;
}
