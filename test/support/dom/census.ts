import { ownStorage } from './own-storage.ts';

/** What is still there and would outlive an element that is gone, each kind by its name and number. */
export type Left = Record<string, number>;

export interface Census {
  left(): Promise<Left>;
  /** Puts the page back. */
  stop(): void;
}

/** A method to be called on whatever it was patched on. */
const methodOf = <T extends object, K extends keyof T>(target: T, name: K): T[K] => target[name];

type Patch<T> = { [K in keyof T]?: T[K] };

/**
 * Counts from now on everything that an element can leave on its page: listeners on what outlives it, timers, frames,
 * observers, channels, locks, calls that run, object URLs.
 */
export function takeCensus(): Census {
  const undo: (() => void)[] = [];
  const counts = new Map<string, Set<unknown>>();
  const of = (kind: string): Set<unknown> => {
    const set = counts.get(kind) ?? new Set();
    counts.set(kind, set);
    return set;
  };
  function patch<T extends object>(target: T, changes: Patch<T>): void {
    const before = Object.keys(changes).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const);
    for (const [name, value] of Object.entries(changes)) {
      Object.defineProperty(target, name, { configurable: true, writable: true, value });
    }
    undo.push(() => {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(target, name, descriptor);
        else Reflect.deleteProperty(target, name);
      }
    });
  }

  const RealChannel = BroadcastChannel;
  const stillListening = countListeners(patch, (target) => target instanceof RealChannel && !of('channel').has(target));
  countTimers(patch, of);
  countObservers(patch, of);

  class CountedChannel extends RealChannel {
    constructor(name: string) {
      super(name);
      of('channel').add(this);
    }
    override close(): void {
      of('channel').delete(this);
      super.close();
    }
  }
  const fetchBefore = globalThis.fetch;
  const createObjectURL = methodOf(URL, 'createObjectURL');
  const revokeObjectURL = methodOf(URL, 'revokeObjectURL');
  patch(globalThis, {
    BroadcastChannel: CountedChannel,
    fetch: async (...asked) => {
      of('call').add(asked);
      return fetchBefore(...asked).finally(() => of('call').delete(asked));
    },
  });
  patch(URL, {
    createObjectURL(object) {
      const url = createObjectURL.call(URL, object);
      of('object URL').add(url);
      return url;
    },
    revokeObjectURL(url) {
      of('object URL').delete(url);
      revokeObjectURL.call(URL, url);
    },
  });

  return {
    async left() {
      const { held = [], pending = [] } = await navigator.locks.query();
      const locks = [...held, ...pending].filter(({ name }) => name?.includes(ownStorage)).length;
      const all: [string, number][] = [...counts].map(([kind, set]) => [kind, set.size]);
      const listeners = stillListening();
      for (const name of new Set(listeners)) {
        all.push([`listener ${name}`, listeners.filter((one) => one === name).length]);
      }
      return Object.fromEntries([...all, ['lock', locks] as const].filter(([, count]) => count > 0));
    },
    stop() {
      for (const one of undo.toReversed()) one();
    },
  };
}

type Patcher = <T extends object>(target: T, changes: Patch<T>) => void;
type Kinds = (kind: string) => Set<unknown>;

interface Entry {
  readonly target: EventTarget;
  readonly type: string;
}

/** What is inside an element goes with it; everything else has to be taken off. */
function countListeners(patch: Patcher, closed: (target: EventTarget) => boolean): () => string[] {
  const entries = new Map<string, Entry>();
  const ids = new WeakMap<object, number>();
  let known = 0;
  const idOf = (one: object): number => {
    const id = ids.get(one) ?? ++known;
    ids.set(one, id);
    return id;
  };
  const outlives = (target: EventTarget): boolean =>
    target instanceof Node ? target === document || target.getRootNode() === document : true;
  const addEventListener = methodOf(EventTarget.prototype, 'addEventListener');
  const removeEventListener = methodOf(EventTarget.prototype, 'removeEventListener');
  const keyOf = (
    target: EventTarget,
    type: string,
    handler: object,
    options?: EventListenerOptions | boolean,
  ): string =>
    `${idOf(target)} ${type} ${idOf(handler)} ${typeof options === 'object' ? !!options.capture : !!options}`;

  patch(EventTarget.prototype, {
    addEventListener(this: EventTarget | undefined, type, handler, options) {
      const target = this ?? window;
      if (handler && outlives(target)) {
        const key = keyOf(target, type, handler, options);
        entries.set(key, { target, type });
        const { once = false, signal } = typeof options === 'object' ? options : {};
        const gone = (): boolean => entries.delete(key);
        if (once) addEventListener.call(target, type, gone, { once });
        if (signal) addEventListener.call(signal, 'abort', gone, { once: true });
      }
      addEventListener.call(target, type, handler, options);
    },
    removeEventListener(this: EventTarget | undefined, type, handler, options) {
      const target = this ?? window;
      if (handler) entries.delete(keyOf(target, type, handler, options));
      removeEventListener.call(target, type, handler, options);
    },
  });

  return () =>
    [...entries.values()]
      // An element of the page that was removed takes its listeners with it; aborted signals and closed channels are silent.
      .filter(({ target }) => (target instanceof Node ? target.isConnected : true))
      .filter(({ target }) => !(target instanceof AbortSignal && target.aborted) && !closed(target))
      .map(({ target, type }) => `${target.constructor.name} ${type}`);
}

function countTimers(patch: Patcher, of: Kinds): void {
  const real = {
    setTimeout: window.setTimeout.bind(window),
    setInterval: window.setInterval.bind(window),
    requestAnimationFrame: window.requestAnimationFrame.bind(window),
    requestIdleCallback: window.requestIdleCallback.bind(window),
  };
  const clearing =
    (kind: string, clear: (id: number) => void) =>
    (id?: number): void => {
      of(kind).delete(id);
      if (id !== undefined) clear(id);
    };
  const changes = {
    setTimeout(work: () => void, ms?: number) {
      const id = real.setTimeout(() => {
        of('timer').delete(id);
        work();
      }, ms);
      of('timer').add(id);
      return id;
    },
    setInterval(work: () => void, ms?: number) {
      const id = real.setInterval(work, ms);
      of('interval').add(id);
      return id;
    },
    requestAnimationFrame(work: FrameRequestCallback) {
      const id = real.requestAnimationFrame((time) => {
        of('frame').delete(id);
        work(time);
      });
      of('frame').add(id);
      return id;
    },
    requestIdleCallback(work: IdleRequestCallback, options?: IdleRequestOptions) {
      const id = real.requestIdleCallback((deadline) => {
        of('idle callback').delete(id);
        work(deadline);
      }, options);
      of('idle callback').add(id);
      return id;
    },
    clearTimeout: clearing('timer', window.clearTimeout.bind(window)),
    clearInterval: clearing('interval', window.clearInterval.bind(window)),
    cancelAnimationFrame: clearing('frame', window.cancelAnimationFrame.bind(window)),
    cancelIdleCallback: clearing('idle callback', window.cancelIdleCallback.bind(window)),
  };
  patch<object>(window, changes);
}

interface Observing {
  observe(target: Node, options?: unknown): void;
  disconnect(): void;
  unobserve?(target: Node): void;
}

function countObservers(patch: Patcher, of: Kinds): void {
  for (const type of [ResizeObserver, IntersectionObserver, MutationObserver]) {
    const prototype = type.prototype as unknown as Observing;
    const observe = methodOf(prototype, 'observe');
    const disconnect = methodOf(prototype, 'disconnect');
    const unobserve = methodOf(prototype, 'unobserve');
    const targets = new WeakMap<object, Set<Node>>();
    const changed = (observer: object, work: (seen: Set<Node>) => void): void => {
      const seen = targets.get(observer) ?? new Set();
      targets.set(observer, seen);
      work(seen);
      if (seen.size > 0) of(type.name).add(observer);
      else of(type.name).delete(observer);
    };
    patch(prototype, {
      observe(target: Node, options?: unknown) {
        changed(this, (seen) => seen.add(target));
        observe.call(this, target, options);
      },
      disconnect() {
        changed(this, (seen) => seen.clear());
        disconnect.call(this);
      },
      ...(unobserve && {
        unobserve(target: Node) {
          changed(this, (seen) => seen.delete(target));
          unobserve.call(this, target);
        },
      }),
    });
  }
}
