/** Counts what an element leaves behind on the page; `stop()` puts the page back and gives what is still there. */
export interface LeakWatch {
  /** What is still there now: a call that was cut off needs a task or two to end. */
  left(): number;
  stop(): { listeners: string[]; timers: number };
}

/** Watches listeners on window and document, and timers, from now on. */
export function watchLeaks(): LeakWatch {
  const listeners = new Map<string, string>();
  const timers = new Set<number>();
  const ids = new WeakMap<object, number>();
  let known = 0;

  const idOf = (handler: EventListenerOrEventListenerObject): number => {
    const id = ids.get(handler) ?? ++known;
    ids.set(handler, id);
    return id;
  };

  const undo = [window, document].map((target, index) => {
    const add = target.addEventListener.bind(target);
    const remove = target.removeEventListener.bind(target);
    Object.assign(target, {
      addEventListener(type: string, handler: EventListener | null, options?: AddEventListenerOptions | boolean) {
        if (handler) listeners.set(`${index} ${type} ${idOf(handler)}`, type);
        add(type, handler as EventListener, options);
      },
      removeEventListener(type: string, handler: EventListener | null, options?: EventListenerOptions | boolean) {
        if (handler) listeners.delete(`${index} ${type} ${idOf(handler)}`);
        remove(type, handler as EventListener, options);
      },
    });
    return () => {
      Reflect.deleteProperty(target, 'addEventListener');
      Reflect.deleteProperty(target, 'removeEventListener');
    };
  });

  const real = {
    setTimeout: window.setTimeout.bind(window),
    clearTimeout: window.clearTimeout.bind(window),
    setInterval: window.setInterval.bind(window),
    clearInterval: window.clearInterval.bind(window),
  };
  const forget = (clear: (timer?: number) => void) => (timer?: number) => {
    if (timer !== undefined) timers.delete(timer);
    clear(timer);
  };
  Object.assign(window, {
    setTimeout(handler: () => void, delay?: number) {
      const timer = real.setTimeout(() => {
        timers.delete(timer);
        handler();
      }, delay);
      timers.add(timer);
      return timer;
    },
    setInterval(handler: () => void, delay?: number) {
      const timer = real.setInterval(handler, delay);
      timers.add(timer);
      return timer;
    },
    clearTimeout: forget(real.clearTimeout),
    clearInterval: forget(real.clearInterval),
  });

  return {
    left: () => listeners.size + timers.size,
    stop() {
      for (const one of undo) one();
      Object.assign(window, real);
      return { listeners: [...listeners.values()], timers: timers.size };
    },
  };
}
