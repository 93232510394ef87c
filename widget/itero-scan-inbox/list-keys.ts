/**
 * What a key means in the list: rows to go by (±Infinity to the ends), `close` the open case, or null: nothing to do
 * with the list. Inside an open case only Escape counts, so that its fields and links keep their own keys.
 */
export function listKey(event: KeyboardEvent, page: number): number | 'close' | null {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return null;
  const target = event.target instanceof Element ? event.target : null;
  if (event.key === 'Escape') return 'close';
  if (!target?.closest('.case')) return null;
  switch (event.key) {
    case 'ArrowDown':
      return 1;
    case 'ArrowUp':
      return -1;
    case 'PageDown':
      return Math.max(1, page - 1);
    case 'PageUp':
      return -Math.max(1, page - 1);
    case 'Home':
      return -Infinity;
    case 'End':
      return Infinity;
    default:
      return null;
  }
}
