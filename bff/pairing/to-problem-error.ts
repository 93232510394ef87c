import type { ProblemCode } from '../../shared/problem.ts';
import { AlignFault } from '../align/index.ts';
import { ProblemError } from '../http/problem-error.ts';

/** The one mapping of upstream faults to our problem codes. A feature maps `conflict` and `not_found` itself where it knows more. */
export function toProblemError(fault: AlignFault): ProblemError {
  const code = toProblemCode(fault);
  const extra: ConstructorParameters<typeof ProblemError>[1] = {};
  if (fault.fields.length > 0 && code === 'upstream_refused') {
    extra.errors = fault.fields.map((path) => ({ path, expected: 'a value that iTero accepts' }));
  }
  if (code === 'rate_limited') extra.retryAfterSeconds = Math.max(1, Math.ceil((fault.retryAfterMs ?? 1000) / 1000));
  return new ProblemError(code, extra, fault);
}

export function toProblemCode(fault: AlignFault): ProblemCode {
  switch (fault.kind) {
    // A fresh token that is refused: only a new sign-in helps.
    case 'unauthorized':
    case 'invalid_grant':
      return 'needs_login';
    case 'not_paired':
      return 'pairing_lost';
    case 'user_not_allowed':
      return 'user_not_allowed';
    case 'not_found':
      return 'not_found';
    case 'conflict':
    case 'invalid_request':
      return 'upstream_refused';
    case 'rate_limited':
      return 'rate_limited';
    case 'unavailable':
      return 'upstream_unavailable';
    // Nothing was sent, or what was sent named us wrongly; the log names the host or the setting for the operator.
    case 'host_refused':
      return 'service_misconfigured';
    case 'not_configured':
      return fault.property === 'environment' ? 'environment_changed' : 'service_misconfigured';
    case 'timeout':
      return 'upstream_timeout';
    case 'wrong_shape':
      return 'upstream_wrong_shape';
    default:
      return fault.kind satisfies never;
  }
}

/** For `catch`: an upstream fault becomes a problem, anything else goes on as it is. */
export function rethrowAsProblem(error: unknown): never {
  throw error instanceof AlignFault ? toProblemError(error) : error;
}
