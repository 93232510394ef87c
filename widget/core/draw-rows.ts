import { render, type TemplateResult } from 'lit';

export interface RowDrawing<T> {
  readonly key: (item: T) => string;
  /** The row's own attributes, and its content. */
  readonly draw: (item: T, row: HTMLLIElement) => TemplateResult;
}

/**
 * Fills a list that its template leaves empty. Each key keeps its row, and with it what has the focus there: a scan that
 * comes in above must never put another patient under the finger. Own code, because Lit's `repeat` weighs 1 KB.
 */
export function drawRows<T>(list: Element, items: readonly T[], { key, draw }: RowDrawing<T>): void {
  const rows = new Map<string, HTMLLIElement>();
  for (const row of list.querySelectorAll<HTMLLIElement>(':scope > li')) rows.set(row.dataset['id'] ?? '', row);
  const keys = new Set(items.map(key));
  for (const [id, row] of rows) if (!keys.has(id)) row.remove();
  let place = list.firstElementChild;
  for (const item of items) {
    const id = key(item);
    const row = rows.get(id) ?? document.createElement('li');
    row.dataset['id'] = id;
    if (row === place) place = row.nextElementSibling;
    else list.insertBefore(row, place);
    render(draw(item, row), row);
  }
}
