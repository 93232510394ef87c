import { writeSync } from 'node:fs';
import { pino, type DestinationStream, type Logger } from 'pino';
import { createSystemClock } from './clock.ts';
import type { Log, LogFields } from './deps.ts';
import { redact } from './log-redact.ts';

const clock = createSystemClock();

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface SinkLog extends Log {
  /**
   * For the end of the process: resolves when every line is handed to the operating system. What cannot be within a second is
   * given up, and no line may follow.
   * @returns whether the write has ended, well or not; one that hangs holds a thread, for whose end `process.exit` waits for ever
   */
  flush(): Promise<boolean>;
}

export interface Destination extends DestinationStream {
  /** Gives up what is not written yet. */
  destroy?(): void;
}

/** Bytes that wait for a disk with room or for a reader; lines beyond them are lost. */
const MOST_WAITING = 4_000_000;
const FLUSH_MS = 1_000;

/**
 * Lines are written by the dozen, or after a quarter of a second: one system call for each line was a tenth of the cost
 * of taking in a notification. A destination that fails is tried again at each of these times, and stops nobody's work.
 * @param dest a file descriptor or a path
 */
export function openDestination(dest: number | string): Destination {
  const settings = { sync: false, minLength: 16_000, periodicFlush: 250, maxLength: MOST_WAITING };
  const destination = pino.destination({ dest, ...settings });
  let told = false;
  destination.on('error', (error: NodeJS.ErrnoException) => {
    if (told) return;
    told = true;
    complain(`the log cannot be written (${error.code ?? error.name}); it goes on without\n`);
  });
  return destination;
}

/** Not by `process.stderr`: often it is the same full disk, and its `error` event would end the process. */
function complain(sentence: string): void {
  try {
    writeSync(2, sentence);
  } catch {
    // There is nowhere else to say it.
  }
}

/** JSON lines. Every field passes `redact`, whoever logs it. */
export function createLog(options: { level: LogLevel; destination?: Destination }): SinkLog {
  const destination = options.destination ?? openDestination(1);
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: createTimestamps(),
      formatters: { level: (level) => ({ level }) },
    },
    destination,
  );
  return {
    ...wrap(logger),
    flush: () => flush(logger, destination),
  };
}

function flush(logger: Logger, destination: Destination): Promise<boolean> {
  return new Promise((resolve) => {
    // Else the end of the process flushes once more, and that never returns where the disk is full (sonic-boom's flushSync).
    const giveUp = (ended: boolean): void => {
      destination.destroy?.();
      resolve(ended);
    };
    const cancel = clock.after(FLUSH_MS, () => giveUp(false));
    logger.flush((error: NodeJS.ErrnoException | null | undefined) => {
      cancel();
      // The lines are written by then; a pipe refuses the fsync that follows.
      if (error instanceof Error && error.code !== 'EINVAL') giveUp(true);
      else resolve(true);
    });
  });
}

/** Many lines fall into one millisecond: its text is made once. */
function createTimestamps(): () => string {
  let text = '';
  let of = -1;
  return () => {
    const now = clock.now();
    if (now !== of) text = `,"time":"${new Date(now).toISOString()}"`;
    of = now;
    return text;
  };
}

function wrap(logger: Logger): Log {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (logger.isLevelEnabled(level)) logger[level](redact(fields), message);
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger.child(redact(fields))),
  };
}
