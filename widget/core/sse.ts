/** One dispatched event of a stream. */
export interface SseMessage {
  /** The last id seen so far, `''` when there was none. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface SseParser {
  /** Bytes as they arrive, split anywhere → the events that are complete now. */
  push(bytes: Uint8Array): SseMessage[];
  /** The id to resume from, `''` when there is none. */
  readonly lastEventId: string;
}

/** More than this without a line end is no stream of ours (UTF-16 units). */
const MAX_LINE = 1_000_000;

/**
 * An incremental parser of `text/event-stream`. Source: WHATWG HTML §9.2.6: CR, LF or CRLF, one BOM, `data` lines
 * joined by LF, an `id` with NUL ignored, an event that is not closed by an empty line never dispatched.
 * @throws RangeError when a line never ends.
 */
export function createSseParser(): SseParser {
  // The decoder keeps bytes of a split character and takes a leading BOM away.
  const decoder = new TextDecoder();
  let rest = '';
  let afterCr = false;
  let data: string[] = [];
  let type = '';
  let idBuffer = '';
  let lastEventId = '';

  function endEvent(): SseMessage | undefined {
    lastEventId = idBuffer;
    const message = data.length > 0 ? { id: lastEventId, type: type || 'message', data: data.join('\n') } : undefined;
    data = [];
    type = '';
    return message;
  }

  function field(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const start = line[colon + 1] === ' ' ? colon + 2 : colon + 1;
    const value = colon < 0 ? '' : line.slice(start);
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) idBuffer = value;
  }

  return {
    push(bytes) {
      const messages: SseMessage[] = [];
      let text = decoder.decode(bytes, { stream: true });
      // A CRLF that was split between two chunks is one line end.
      if (afterCr && text.length > 0) {
        if (text.startsWith('\n')) text = text.slice(1);
        afterCr = false;
      }
      afterCr ||= text.endsWith('\r');
      const lines = (rest + text).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw new RangeError('a line of the stream never ends');
      for (const line of lines) {
        if (line !== '') field(line);
        else {
          const message = endEvent();
          if (message) messages.push(message);
        }
      }
      return messages;
    },
    get lastEventId() {
      return lastEventId;
    },
  };
}
