import type { Keep } from '../../../widget/core/keep.ts';

/** The browser's store as one page sees it; pages of one browser are given the same map. */
export function keepIn(kept: Map<string, unknown>): Keep {
  return {
    get: (name) => Promise.resolve(kept.get(name)),
    set: (name, value) => Promise.resolve(void kept.set(name, value)),
    update: (name, change) => {
      const value = change(kept.get(name));
      if (value === undefined) kept.delete(name);
      else kept.set(name, value);
      return Promise.resolve();
    },
  };
}
