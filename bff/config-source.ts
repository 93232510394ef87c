import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AlignSettings } from './align/index.ts';
import { describeFaults, readConfig, type Config } from './config.ts';
import type { Environment } from './config-references.ts';
import type { Clock, Log } from './deps.ts';

/** The Align settings in force. Ask at each use: they change while running. */
export interface AlignSource {
  current(): AlignSettings;
  /** Called after a change took effect. Returns its own removal. */
  onChange(listener: (settings: AlignSettings) => void): () => void;
}

export interface WatchedAlignSource extends AlignSource {
  stop(): void;
}

/** Catches what `fs.watch` misses (network file systems, replaced folders, referenced files), in ms. */
const POLL_MS = 5_000;
/** Editors write in several steps (ms). */
const DEBOUNCE_MS = 200;

export function createFixedAlignSource(
  initial: AlignSettings,
): AlignSource & { change(settings: AlignSettings): void } {
  let settings = initial;
  const listeners = new Set<(settings: AlignSettings) => void>();
  return {
    current: () => settings,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    change(next) {
      if (isDeepStrictEqual(next, settings)) return;
      settings = next;
      for (const listener of listeners) listener(next);
    },
  };
}

/** Re-reads the file when it changes. A bad file is refused as a whole and the old settings stay (product.md "Configuration"). */
export function watchAlignSource(options: {
  path: string;
  environment: Environment;
  config: Config;
  clock: Clock;
  log: Log;
}): WatchedAlignSource {
  const { path, environment, clock, log } = options;
  const source = createFixedAlignSource(options.config.align);
  let refusal: string | null = null;
  let ignored: string | null = null;

  function reread(): void {
    const outcome = readConfig(path, environment);
    if (!outcome.ok) {
      const reasons = describeFaults(path, outcome.error);
      if (reasons !== refusal) log.error({ reasons }, 'changed configuration refused, the former one stays in force');
      refusal = reasons;
      return;
    }
    if (refusal !== null) log.info({}, 'the configuration file is valid again');
    refusal = null;
    tellIgnored(outcome.value);
    if (isDeepStrictEqual(outcome.value.align, source.current())) return;
    log.info({ environment: outcome.value.align.environment }, 'Align settings re-read and in force');
    source.change(outcome.value.align);
  }

  function tellIgnored(next: Config): void {
    const keys = Object.keys({ ...next.process, ...options.config.process }) as (keyof Config['process'])[];
    const settings = keys
      .filter((key) => !isDeepStrictEqual(next.process[key], options.config.process[key]))
      .join(', ');
    if (settings !== '' && settings !== ignored) log.warn({ settings }, 'these settings changed; they need a restart');
    ignored = settings;
  }

  let stopped = false;
  let cancelDebounce = (): void => {};
  let cancelPoll = (): void => {};
  const poll = (): void => {
    if (stopped) return;
    reread();
    cancelPoll = clock.after(POLL_MS, poll);
  };
  cancelPoll = clock.after(POLL_MS, poll);

  // The folder, because an editor that saves by renaming replaces the file itself.
  const name = basename(path);
  const watcher = watch(dirname(path) || '.', { persistent: false }, (_event, file) => {
    if (file !== null && file !== name) return;
    cancelDebounce();
    if (!stopped) cancelDebounce = clock.after(DEBOUNCE_MS, reread);
  });
  watcher.on('error', (error) => log.warn({ error }, 'configuration file is no longer watched; it is still polled'));

  return {
    current: () => source.current(),
    onChange: (listener) => source.onChange(listener),
    stop() {
      stopped = true;
      watcher.close();
      cancelDebounce();
      cancelPoll();
    },
  };
}
