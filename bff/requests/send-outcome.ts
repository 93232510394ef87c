import { AlignFault } from '../align/index.ts';
import { ProblemError } from '../http/problem-error.ts';
import { toProblemError } from '../pairing/to-problem-error.ts';

/**
 * What a failed send came to. `unconfirmed`: no clear answer (timeout, reset, 5xx after sending, an answer that cannot be
 * read); it is never sent again by itself (rules.md "Scan requests"). `refused`: upstream surely did not take it.
 */
export type SendFailure =
  | { readonly kind: 'unconfirmed'; readonly cause: unknown }
  | { readonly kind: 'refused'; readonly problem: ProblemError };

/** What a send came to. */
export type Outcome =
  { readonly kind: 'sent'; readonly rxId: string; readonly sentThrough: string | null } | SendFailure;

/**
 * @param called the call to upstream had begun when it failed
 * @param unclear the fault of a send that may have reached upstream, whatever failed after it
 */
export function judgeSendFault(error: unknown, called: boolean, unclear: AlignFault | null): SendFailure {
  if (unclear !== null) return { kind: 'unconfirmed', cause: unclear };
  // Of any other call, such as the token's refresh, it does not matter whether it was carried out.
  if (error instanceof AlignFault) {
    // Nothing of ours is missing: something that the request names (doctor, scanner, lab) is not there upstream.
    const unknown = error.kind === 'not_found';
    return {
      kind: 'refused',
      problem: unknown ? new ProblemError('upstream_refused', {}, error) : toProblemError(error),
    };
  }
  if (error instanceof ProblemError) return { kind: 'refused', problem: error };
  // A fault of ours: before the call nothing was sent; while it ran upstream may have taken it.
  return called
    ? { kind: 'unconfirmed', cause: error }
    : { kind: 'refused', problem: new ProblemError('internal', {}, error) };
}
