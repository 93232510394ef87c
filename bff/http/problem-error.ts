import type { Problem, ProblemCode } from '../../shared/problem.ts';

/** An expected fault on its way to the client; mapped once, in `http/problems`. Anything else that is thrown becomes `internal`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly extra: Pick<Problem, 'detail' | 'errors' | 'retryAfterSeconds'>;

  /** @param extra `detail` must be a sentence of ours: upstream text never reaches a client. */
  constructor(
    code: ProblemCode,
    extra: Pick<Problem, 'detail' | 'errors' | 'retryAfterSeconds'> = {},
    cause?: unknown,
  ) {
    super(code, { cause });
    this.code = code;
    this.extra = extra;
  }
}
