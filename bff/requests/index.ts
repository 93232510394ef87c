export { createRequestEndpoints } from './endpoints.ts';
export { createPracticeBook } from './practice-book.ts';
export { recoverCutOffRequests } from './recover.ts';
