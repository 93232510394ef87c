import type { TemplateResult } from 'lit';
import { PART_MISSING } from './fault.ts';
import { faultView, loadingView } from './view-state.ts';

/** A part of an element that comes as a chunk of its own: fetched once it is wanted, asked for again when that failed. */
export class LazyPart<T> {
  readonly #fetchPart: () => Promise<T>;
  readonly #changed: () => void;
  #part: T | undefined;
  #fetching: Promise<T | undefined> | undefined;
  #failed = false;

  constructor(fetchPart: () => Promise<T>, changed: () => void) {
    this.#fetchPart = fetchPart;
    this.#changed = changed;
  }

  /** Undefined until it was fetched. */
  get part(): T | undefined {
    return this.#part;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** Undefined when it cannot be had: offline, or a new release took the chunk away. */
  readonly fetch = async (): Promise<T | undefined> => {
    if (this.#part) return this.#part;
    if (this.#failed) {
      this.#failed = false;
      this.#changed();
    }
    this.#fetching ??= this.#fetchPart().catch(() => undefined);
    this.#part = await this.#fetching;
    this.#fetching = undefined;
    this.#failed = !this.#part;
    this.#changed();
    return this.#part;
  };

  /** What stands in its place until it is there. */
  placeholder(lines?: number, again: () => void = this.fetch): TemplateResult {
    return this.#failed ? faultView(PART_MISSING, again) : loadingView(lines);
  }
}
