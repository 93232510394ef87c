import { CLIENT_PROBLEMS, problemSchema, type ClientProblemCode } from '../../shared/problem.ts';
import { readJson } from './answer.ts';

/** What went wrong, in words for people: a problem document of the BFF, or one made here because no answer came. */
export interface Fault {
  readonly code: string;
  /** What happened and what to do. */
  readonly displayMessage: string;
  readonly retryable: boolean;
  readonly requestId?: string;
  readonly status?: number;
  readonly errors?: readonly { readonly path: string; readonly expected: string }[];
  readonly retryAfterSeconds?: number;
}

/** A call that nobody waits for any more (element gone, other patient). Never shown: see {@link isAborted}. */
export const ABORTED: Fault = { code: 'aborted', displayMessage: '', retryable: false };

export function isAborted(fault: Fault): boolean {
  return fault.code === ABORTED.code;
}

export function clientFault(code: ClientProblemCode): Fault {
  return { code, displayMessage: CLIENT_PROBLEMS[code], retryable: code === 'offline' };
}

/** A page that passes an empty chart number must not be shown the whole clinic instead of one patient. */
export const NO_CHART_NUMBER: Fault = {
  code: 'chart_number_missing',
  displayMessage: 'This patient has no chart number. Enter one in the practice system, then open the chart again.',
  retryable: false,
};

/** A chunk of the elements did not load. */
export const PART_MISSING: Fault = {
  code: 'part_missing',
  displayMessage: 'A part of this view could not be loaded. Check the connection, then try again.',
  retryable: true,
};

/** The BFF's own words for it; its whole table of problems would weigh 2 KB in the bundle. */
export const SESSION_ENDED: Fault = {
  code: 'session_expired',
  displayMessage: 'Your session has ended. Reload the page to go on.',
  retryable: true,
};

/** An answer that is not 2xx → its fault. A proxy in between may answer without a problem document. */
export function toFault(status: number, body: string): Fault {
  const problem = readJson(problemSchema, body);
  if (problem) {
    const { code, displayMessage, retryable, requestId, errors, retryAfterSeconds } = problem;
    return {
      code,
      displayMessage,
      retryable,
      requestId,
      status,
      ...(errors && { errors }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
  }
  return { ...clientFault(status >= 500 || status === 429 ? 'offline' : 'unreadable'), status };
}
