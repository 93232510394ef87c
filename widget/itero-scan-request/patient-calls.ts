import type { Result } from '../../shared/result.ts';
import type { PatientIdentity } from '../../shared/scan-request.ts';
import type { SessionClaims } from '../../shared/session.ts';
import type { Api } from '../core/api.ts';
import { IteroErrorEvent } from '../core/events.ts';
import { isAborted, type Fault } from '../core/fault.ts';
import type { MissingPart } from './identity.ts';

/** What the stores need of the element they work for. */
export interface RequestHost {
  /** Calls of the element's link; undefined while there is none. */
  readonly api: () => Api | undefined;
  readonly owner: () => SessionClaims | undefined;
  /** The patient as the page names it now. */
  readonly identity: () => Result<PatientIdentity, MissingPart[]>;
  readonly chartNumber: () => string | null | undefined;
  /** The signed-in person's display name, where the pairing tells it. */
  readonly userName: () => string | null;
  /** Draw again. */
  readonly changed: () => void;
  /** False when a listener prevented it. */
  readonly emit: (event: Event) => boolean;
  /** Moves the focus once what is new has been drawn. */
  readonly focus: (selector: string) => void;
  /** The chart's list has to be asked for again. */
  readonly listChanged: () => void;
}

/** Calls made for one patient. When the patient goes they end, and what comes later belongs to nobody here. */
export class PatientCalls {
  #patient = new AbortController();
  readonly #latest = new Map<string, AbortController>();

  get signal(): AbortSignal {
    return this.#patient.signal;
  }

  drop(): void {
    this.#patient.abort();
    this.#patient = new AbortController();
    this.#latest.clear();
  }

  /** The signal of a call that makes the former one of this name useless. */
  latest(name: string): AbortSignal {
    this.#latest.get(name)?.abort();
    const call = new AbortController();
    this.#latest.set(name, call);
    return AbortSignal.any([call.signal, this.signal]);
  }
}

/** Whether an answer is of no use any more; other faults are told to the page. */
export function isLate(answer: Result<unknown, Fault>, signal: AbortSignal, host: RequestHost): boolean {
  if (signal.aborted || (!answer.ok && isAborted(answer.error))) return true;
  if (!answer.ok) host.emit(new IteroErrorEvent(answer.error));
  return false;
}
