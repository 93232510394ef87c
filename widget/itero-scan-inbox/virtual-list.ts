import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { layOut, NO_ROWS, shiftOf, spanOf, topOf, type Layout, type RowKey, type Span } from './row-layout.ts';

/** The host's side: where the rows are, and which one the person has open. */
export interface VirtualListHost extends ReactiveControllerHost {
  readonly updateComplete: Promise<boolean>;
  readonly renderRoot: ParentNode;
}

export interface VirtualListOptions {
  /** Scrolls; its only child of interest is the `ul` that holds the rows, `li[data-id]`. */
  readonly scroller: () => HTMLElement | null;
  readonly keys: () => readonly RowKey[];
  /** Puts the rows of `indexes()` into the `ul`. */
  readonly draw: (list: Element) => void;
  /** The open row: it stays where it is while others come and go. */
  readonly open: () => string | null;
  /** Focus has gone to a dialog and will come back to its row. */
  readonly holdsFocus: () => boolean;
  /** Called after each change of what is in view. */
  readonly shown: (span: Span) => void;
}

/** Rows rendered beyond each edge (px). */
const MARGIN = 240;
const FIRST_ESTIMATE = 120;
const FIRST_VIEW = 640;

/**
 * A windowed list of rows of any height. Rows are placed through CSSOM (no style attributes: strict CSP), measured in
 * the same frame, and the scroll position follows what the person looks at. The row with focus is always rendered.
 * Own code because @lit-labs/virtualizer takes 10 KB of the 35 KB that all elements may weigh.
 */
export class VirtualList implements ReactiveController {
  readonly #host: VirtualListHost;
  readonly #options: VirtualListOptions;
  readonly #heights = new Map<string, number>();
  readonly #observed = new Map<string, HTMLElement>();
  readonly #resizes = new ResizeObserver((entries) => this.#resized(entries));
  #scroller: HTMLElement | null = null;
  #layout: Layout = NO_ROWS;
  #span: Span = { first: 0, end: 0 };
  #estimate = FIRST_ESTIMATE;
  #width = 0;
  #focused: string | null = null;
  #focusedIndex = 0;
  /** What is in view (px); read once a frame, so that nothing forces a layout while rendering. */
  #view = { from: 0, to: FIRST_VIEW };
  /** The page scrolls, not the list. */
  #paged = false;

  constructor(host: VirtualListHost, options: VirtualListOptions) {
    this.#host = host;
    this.#options = options;
    host.addController(this);
  }

  /** The rows to render now, as indexes into the keys, ascending. */
  indexes(): number[] {
    const { first, end } = this.#span;
    const indexes = Array.from({ length: end - first }, (_, offset) => first + offset);
    const focused = this.#focused === null ? undefined : this.#layout.indexes.get(this.#focused);
    if (focused === undefined || (focused >= first && focused < end)) return indexes;
    return focused < first ? [focused, ...indexes] : [...indexes, focused];
  }

  /** The row whose controls can be reached by Tab. */
  get current(): string | null {
    const { first } = spanOf(this.#layout, this.#view.from, this.#view.to);
    return this.#focused ?? this.#layout.keys[first]?.id ?? null;
  }

  get focused(): string | null {
    return this.#focused;
  }

  /** More rows are above than the person sees. */
  get scrolled(): boolean {
    return this.#view.from > 1;
  }

  hostUpdate(): void {
    const keys = this.#options.keys();
    if (keys !== this.#layout.keys) this.#relayout(keys);
    this.#span = this.#wanted();
  }

  hostUpdated(): void {
    const scroller = this.#options.scroller();
    if (scroller !== this.#scroller) this.#attach(scroller);
    if (scroller === null) return;
    const list = scroller.querySelector('ul');
    if (list) this.#options.draw(list);
    this.#observeRows(scroller);
    this.#settle(this.#layout.keys);
    this.#returnFocus();
    this.#options.shown(spanOf(this.#layout, this.#view.from, this.#view.to));
  }

  hostDisconnected(): void {
    this.#attach(null);
  }

  /**
   * Brings a row into view and moves the focus to the control marked `data-focus` in it.
   * @param first as the first one in view: a case that opens grows below the edge while it loads
   */
  async focus(id: string, first = false): Promise<void> {
    const index = this.#layout.indexes.get(id);
    if (index === undefined || this.#scroller === null) return;
    this.#focused = id;
    if (first) this.#scrollBy(topOf(this.#layout, index) - this.#view.from);
    else this.reveal(id);
    this.#host.requestUpdate();
    await this.#host.updateComplete;
    this.#observed.get(id)?.querySelector<HTMLElement>('[data-focus]')?.focus({ preventScroll: true });
  }

  reveal(id: string): void {
    const index = this.#layout.indexes.get(id);
    if (index === undefined || this.#scroller === null) return;
    const top = topOf(this.#layout, index);
    const bottom = topOf(this.#layout, index + 1);
    const { from, to } = this.#view;
    if (top < from || bottom - top > to - from) this.#scrollBy(top - from);
    else if (bottom > to) this.#scrollBy(bottom - to);
  }

  toTop(): void {
    this.#scrollBy(-this.#view.from);
    this.#host.requestUpdate();
  }

  #scrollBy(distance: number): void {
    (this.#paged ? window : this.#scroller)?.scrollBy({ top: distance, behavior: 'instant' });
    this.#readView();
  }

  /** New keys or heights: keeps in place what the person looks at. At the very top, arrivals are simply shown. */
  #relayout(keys: readonly RowKey[]): void {
    const before = this.#layout;
    this.#layout = layOut(keys, this.#heights, this.#estimate);
    const pinned = [this.#focused, this.#options.open()].filter((id) => id !== null);
    const inView = pinned.some((id) => before.indexes.has(id));
    if (this.#scroller === null || (this.#view.from <= 1 && !inView)) return;
    const shift = shiftOf(before, this.#layout, this.#view, pinned);
    if (shift === 0) return;
    this.#sizeList();
    this.#scrollBy(shift);
  }

  #wanted(): Span {
    if (this.#layout.keys.length === 0) return { first: 0, end: 0 };
    return spanOf(this.#layout, this.#view.from - MARGIN, this.#view.to + MARGIN);
  }

  #attach(scroller: HTMLElement | null): void {
    this.#scroller?.removeEventListener('scroll', this.#scrolled);
    this.#scroller?.removeEventListener('focusin', this.#focusIn);
    this.#scroller?.removeEventListener('focusout', this.#focusOut);
    window.removeEventListener('scroll', this.#scrolled);
    this.#resizes.disconnect();
    this.#observed.clear();
    this.#scroller = scroller;
    this.#focused = null;
    if (scroller === null) return;
    scroller.addEventListener('scroll', this.#scrolled, { passive: true });
    scroller.addEventListener('focusin', this.#focusIn);
    scroller.addEventListener('focusout', this.#focusOut);
    window.addEventListener('scroll', this.#scrolled, { passive: true });
    this.#resizes.observe(scroller);
    this.#width = scroller.clientWidth;
  }

  #observeRows(scroller: HTMLElement): void {
    const rows = new Set<string>();
    for (const row of scroller.querySelectorAll<HTMLElement>('li[data-id]')) {
      const id = row.dataset['id'] ?? '';
      rows.add(id);
      if (this.#observed.get(id) === row) continue;
      this.#observed.set(id, row);
      this.#resizes.observe(row);
    }
    for (const [id, row] of this.#observed) {
      if (rows.has(id)) continue;
      this.#resizes.unobserve(row);
      this.#observed.delete(id);
    }
  }

  /** Measures what is rendered, places it, and asks for another rendering when a gap would be seen. */
  #settle(keys: readonly RowKey[]): void {
    let changed = false;
    for (const [id, row] of this.#observed) {
      const { height } = row.getBoundingClientRect();
      if (height === 0 || height === this.#heights.get(id)) continue;
      if (this.#heights.size === 0) this.#estimate = height;
      this.#heights.set(id, height);
      changed = true;
    }
    if (changed) this.#relayout(keys);
    this.#sizeList();
    for (const [id, row] of this.#observed) {
      const top = topOf(this.#layout, this.#layout.indexes.get(id) ?? 0);
      row.style.setProperty('transform', `translateY(${top}px)`);
    }
    this.#readView();
    const wanted = this.#wanted();
    if (wanted.first < this.#span.first || wanted.end > this.#span.end) this.#host.requestUpdate();
  }

  #sizeList(): void {
    const list = this.#scroller?.querySelector<HTMLElement>('ul');
    list?.style.setProperty('height', `${topOf(this.#layout, this.#layout.keys.length)}px`);
  }

  /** A long list that is not capped in height scrolls with the page: then the window bounds what is in view. */
  #readView(): void {
    const scroller = this.#scroller;
    if (scroller === null) return;
    const { scrollTop, clientHeight, scrollHeight } = scroller;
    this.#paged = clientHeight > window.innerHeight && clientHeight >= scrollHeight;
    if (!this.#paged) {
      this.#view = { from: scrollTop, to: scrollTop + clientHeight };
      return;
    }
    const from = Math.max(0, -scroller.getBoundingClientRect().top);
    this.#view = { from, to: from + window.innerHeight };
  }

  readonly #scrolled = (): void => {
    this.#readView();
    const { first, end } = this.#wanted();
    if (first < this.#span.first || end > this.#span.end) this.#host.requestUpdate();
    this.#options.shown(spanOf(this.#layout, this.#view.from, this.#view.to));
  };

  readonly #focusIn = (event: FocusEvent): void => {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>('li[data-id]') : null;
    const id = row?.dataset['id'] ?? null;
    if (id === this.#focused) return;
    this.#focused = id;
    this.#host.requestUpdate();
  };

  readonly #focusOut = (event: FocusEvent): void => {
    if (this.#options.holdsFocus()) return;
    if (event.relatedTarget instanceof Node && this.#scroller?.contains(event.relatedTarget)) return;
    // A row that was removed has lost the focus too, but then it shall go to its neighbour.
    if (this.#focused !== null && !this.#layout.indexes.has(this.#focused)) return;
    this.#focused = null;
  };

  /** The focused row left (removed, or filtered away): its neighbour takes over, so that the keyboard is not lost. */
  #returnFocus(): void {
    if (this.#focused === null) return;
    const index = this.#layout.indexes.get(this.#focused);
    if (index !== undefined) {
      this.#focusedIndex = index;
      return;
    }
    const heir = this.#layout.keys[Math.min(this.#focusedIndex, this.#layout.keys.length - 1)];
    this.#focused = null;
    if (heir) void this.focus(heir.id);
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    const scroller = this.#scroller;
    if (scroller === null) return;
    if (entries.some(({ target }) => target === scroller) && scroller.clientWidth !== this.#width) {
      this.#width = scroller.clientWidth;
      this.#heights.clear();
    }
    this.#settle(this.#layout.keys);
    if (this.#heights.size > 0) this.#options.shown(spanOf(this.#layout, this.#view.from, this.#view.to));
  }
}
