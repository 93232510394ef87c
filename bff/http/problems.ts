import { toProblem, type Problem } from '../../shared/problem.ts';
import type { Log } from '../deps.ts';
import { ProblemError } from './problem-error.ts';

/** Features' own expected faults → `ProblemError`; null for what they do not know. */
export type FaultMapper = (error: unknown) => ProblemError | null;

/** A problem document, ready to be written. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The one place where a fault becomes an answer. What is not expected is logged and says nothing but `internal`. */
export function toProblemAnswer(error: unknown, requestId: string, log: Log, map: FaultMapper): ProblemAnswer {
  const expected = error instanceof ProblemError ? error : map(error);
  if (expected === null) log.error({ error }, 'unexpected fault');
  else if (expected.cause !== undefined) log.info({ error: expected }, 'refused');
  return writeProblem(expected ?? new ProblemError('internal'), requestId);
}

export function toProblemResponse(error: unknown, requestId: string, log: Log, map: FaultMapper): Response {
  const { status, headers, body } = toProblemAnswer(error, requestId, log, map);
  return new Response(body, { status, headers });
}

function writeProblem(error: ProblemError, requestId: string): ProblemAnswer {
  const problem: Problem = toProblem(error.code, requestId, error.extra);
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', ...jsonHeaders };
  if (problem.retryAfterSeconds !== undefined) headers['Retry-After'] = String(problem.retryAfterSeconds);
  else if (problem.code === 'shutting_down') headers['Retry-After'] = '2';
  // RFC 6750 §3: says how to authenticate, and no more.
  if (problem.status === 401) headers['WWW-Authenticate'] = 'Bearer';
  return { status: problem.status, headers, body: JSON.stringify(problem) };
}

/** For every JSON answer: it holds patient data and is no document. */
export const jsonHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const;
