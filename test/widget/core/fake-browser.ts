import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { vi } from 'vitest';

/** What a page can lose or be refused: each fake looks up the tab whose code is running. */
export class FakeTab {
  readonly window = new EventTarget();
  readonly document = new EventTarget();
  visibilityState: 'visible' | 'hidden' = 'visible';
  /** Its process is gone: nothing that it still does reaches anybody. */
  dead = false;
  #held: (() => void)[] | undefined;
  readonly #browser: FakeBrowser;

  constructor(browser: FakeBrowser) {
    this.#browser = browser;
  }

  /** Runs as code of this tab, and so does all that follows from it. */
  run<T>(work: () => T): T {
    return current.run(this, work);
  }

  /** A task of this tab: waits while the tab hangs, never comes when it is dead. */
  task(work: () => void): void {
    if (this.dead) return;
    if (this.#held) this.#held.push(work);
    else this.run(work);
  }

  /** Stops to answer, without a word, as behind a long task or in a debugger. */
  hang(): void {
    this.#held ??= [];
  }

  goOn(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const work of held) this.task(work);
  }

  crash(): void {
    this.dead = true;
    this.#browser.locks.drop(this);
  }

  show(visible: boolean): void {
    this.visibilityState = visible ? 'visible' : 'hidden';
    this.run(() => this.document.dispatchEvent(new Event('visibilitychange')));
  }

  freeze(): void {
    this.run(() => this.document.dispatchEvent(new Event('freeze')));
  }

  resume(): void {
    this.run(() => this.document.dispatchEvent(new Event('resume')));
  }
}

const current = new AsyncLocalStorage<FakeTab>();

export function tabOfCode(): FakeTab {
  const tab = current.getStore();
  if (!tab) throw new Error('no tab runs this');
  return tab;
}

interface Waiting {
  readonly tab: FakeTab;
  readonly name: string;
  readonly grant: () => void;
}

/** Web Locks of one name: exclusive, in order, with `signal`, `steal` and the names that wait. */
class FakeLocks {
  #holder: { tab: FakeTab; lose: () => void } | undefined;
  readonly #queue: Waiting[] = [];
  /** Every request is refused, as in a page without an origin. */
  refusing = false;

  get held(): boolean {
    return this.#holder !== undefined;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  readonly query = (): Promise<{ pending: { name: string }[] }> =>
    Promise.resolve({ pending: this.#queue.map(({ name }) => ({ name })) });

  readonly request = (
    name: string,
    options: { steal?: boolean; signal?: AbortSignal },
    work: () => Promise<void> | undefined,
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      if (this.refusing) return reject(new DOMException('no origin', 'SecurityError'));
      const tab = tabOfCode();
      const entry: Waiting = {
        tab,
        name,
        grant: () => {
          const holder = {
            tab,
            lose: () => tab.task(() => reject(new DOMException('stolen', 'AbortError'))),
          };
          this.#holder = holder;
          const over = (): void => {
            resolve();
            if (this.#holder !== holder) return;
            this.#holder = undefined;
            this.#grantNext();
          };
          tab.task(() => void Promise.resolve(work()).then(over));
        },
      };
      if (options.steal === true) {
        this.#holder?.lose();
        return entry.grant();
      }
      options.signal?.addEventListener('abort', () => {
        const index = this.#queue.indexOf(entry);
        if (index < 0) return;
        this.#queue.splice(index, 1);
        reject(new DOMException('given up', 'AbortError'));
      });
      this.#queue.push(entry);
      this.#grantNext();
    });

  /** The browser notices that a page is gone. */
  drop(tab: FakeTab): void {
    for (const entry of this.#queue.filter((one) => one.tab === tab)) this.#queue.splice(this.#queue.indexOf(entry), 1);
    if (this.#holder?.tab !== tab) return;
    this.#holder = undefined;
    this.#grantNext();
  }

  #grantNext(): void {
    if (!this.#holder) this.#queue.shift()?.grant();
  }
}

/** BroadcastChannel: to every other one of its name, each in a task of its tab. */
class FakeChannel extends EventTarget {
  readonly tab = tabOfCode();
  readonly name: string;
  readonly #open: Set<FakeChannel>;
  readonly #later: (work: () => void) => void;

  constructor(name: string, open: Set<FakeChannel>, later: (work: () => void) => void) {
    super();
    this.name = name;
    this.#open = open.add(this);
    this.#later = later;
  }

  postMessage(data: unknown): void {
    if (this.tab.dead) return;
    if (!this.#open.has(this)) throw new DOMException('closed', 'InvalidStateError');
    for (const other of this.#open) {
      if (other !== this && other.name === this.name) {
        this.#later(() => other.tab.task(() => other.#take(structuredClone(data))));
      }
    }
  }

  close(): void {
    this.#open.delete(this);
  }

  #take(data: unknown): void {
    if (this.#open.has(this)) this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

/** One browser: tabs of one origin, with hand-moved time. Call after `vi.useFakeTimers()`. */
export class FakeBrowser {
  readonly locks = new FakeLocks();
  readonly channels = new Set<FakeChannel>();

  constructor() {
    const { channels, locks } = this;
    const setTimeout = globalThis.setTimeout;
    const own = (place: 'window' | 'document'): Pick<EventTarget, 'addEventListener' | 'removeEventListener'> => ({
      addEventListener: (type: string, handler: () => void) => tabOfCode()[place].addEventListener(type, handler),
      removeEventListener: (type: string, handler: () => void) => tabOfCode()[place].removeEventListener(type, handler),
    });
    vi.stubGlobal('window', own('window'));
    vi.stubGlobal('document', {
      ...own('document'),
      get visibilityState() {
        return tabOfCode().visibilityState;
      },
    });
    vi.stubGlobal('navigator', { locks });
    vi.stubGlobal('setTimeout', (work: () => void, ms?: number) => {
      const tab = current.getStore();
      return setTimeout(tab ? () => tab.task(work) : AsyncResource.bind(work), ms);
    });
    vi.stubGlobal(
      'BroadcastChannel',
      class extends FakeChannel {
        constructor(name: string) {
          super(name, channels, setTimeout);
        }
      },
    );
  }

  newTab(): FakeTab {
    return new FakeTab(this);
  }
}
