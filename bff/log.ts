import { pino, type DestinationStream, type Logger } from 'pino';
import { createSystemClock } from './clock.ts';
import type { Log, LogFields } from './deps.ts';
import { redact } from './log-redact.ts';

const clock = createSystemClock();

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface SinkLog extends Log {
  /** Resolves when every line is handed to the operating system. */
  flush(): Promise<void>;
}

/**
 * Lines are written by the dozen, or after a quarter of a second: one system call for each line was a tenth of the cost
 * of taking in a notification.
 * @param dest a file descriptor or a path
 */
export function openDestination(dest: number | string): DestinationStream {
  return pino.destination({ dest, sync: false, minLength: 16_000, periodicFlush: 250 });
}

/** JSON lines. Every field passes `redact`, whoever logs it. */
export function createLog(options: { level: LogLevel; destination?: DestinationStream }): SinkLog {
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
    flush: () =>
      new Promise((resolve, reject) => {
        logger.flush((error: NodeJS.ErrnoException | null | undefined) => {
          // The lines are written by then; a pipe refuses the fsync that follows.
          if (error instanceof Error && error.code !== 'EINVAL') reject(error);
          else resolve();
        });
      }),
  };
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
