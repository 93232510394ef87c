import * as v from 'valibot';
import { routes } from '../../shared/routes.ts';

import { findingSchema } from '../../shared/finding.ts';
import type { WhereAnswer } from '../../shared/where.ts';
import { post, type Api } from '../core/api.ts';
import { isAborted, type Fault } from '../core/fault.ts';

export type WhereState =
  | { readonly kind: 'idle' }
  /** `before`: what the last asking found stays in view. */
  | { readonly kind: 'asking'; readonly before: WhereAnswer | null }
  | { readonly kind: 'answered'; readonly answer: WhereAnswer }
  | { readonly kind: 'failed'; readonly fault: Fault };

/** `whereAnswerSchema` without its count of findings: that alone would bring 0.3 KB into the elements. */
const answerSchema = v.object({ findings: v.array(findingSchema), askedAt: v.string() });

/**
 * Asks where a scan went. What is searched for may be a name: it stands in the body of the call, nowhere else, and is
 * forgotten with the answer.
 */
export class WhereSearch {
  readonly #changed: () => void;
  #state: WhereState = { kind: 'idle' };
  #text = '';
  #running: AbortController | null = null;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get state(): WhereState {
    return this.#state;
  }

  /** `text` empty: the patient whom the session is bound to. */
  async ask(api: Api, text: string = this.#text): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#text = text;
    this.#set({ kind: 'asking', before: this.#state.kind === 'answered' ? this.#state.answer : null });
    const body = text === '' ? {} : { text };
    const answer = await api.ask(answerSchema, post(routes.scansWhere, body, running.signal));
    if (running !== this.#running) return;
    this.#running = null;
    if (answer.ok) this.#set({ kind: 'answered', answer: answer.value });
    else if (!isAborted(answer.error)) this.#set({ kind: 'failed', fault: answer.error });
  }

  drop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#text = '';
    this.#set({ kind: 'idle' });
  }

  #set(state: WhereState): void {
    this.#state = state;
    this.#changed();
  }
}
