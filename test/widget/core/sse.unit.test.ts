import { describe, expect, it } from 'vitest';
import { createSseParser, type SseMessage } from '../../../widget/core/sse.ts';
import fc from '../../support/fast-check.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parseAll(text: string, cuts: readonly number[] = []): SseMessage[] {
  const parser = createSseParser();
  const all = bytes(text);
  const at = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].sort((a, b) => a - b);
  const messages: SseMessage[] = [];
  let from = 0;
  for (const to of [...at, all.length]) {
    messages.push(...parser.push(all.subarray(from, to)));
    from = to;
  }
  return messages;
}

describe('the event stream parser', () => {
  it.each<[string, string, SseMessage[]]>([
    ['dispatches an event at its empty line', 'id: 7\nevent: a\ndata: x\n\n', [{ id: '7', type: 'a', data: 'x' }]],
    ['calls an event without a type "message"', 'data: x\n\n', [{ id: '', type: 'message', data: 'x' }]],
    ['joins data lines by a line feed', 'data: a\ndata: b\n\n', [{ id: '', type: 'message', data: 'a\nb' }]],
    ['takes one space after the colon away, not two', 'data:  x\n\n', [{ id: '', type: 'message', data: ' x' }]],
    ['takes a field without a colon for an empty value', 'data\n\n', [{ id: '', type: 'message', data: '' }]],
    ['reads CR as a line end', 'data: x\r\r', [{ id: '', type: 'message', data: 'x' }]],
    ['reads CRLF as one line end', 'data: x\r\ndata: y\r\n\r\n', [{ id: '', type: 'message', data: 'x\ny' }]],
    ['takes one byte order mark away', '\uFEFFdata: x\n\n', [{ id: '', type: 'message', data: 'x' }]],
    [
      'ignores comments and unknown fields',
      ': hi\nretry: 5\nfoo: 1\ndata: x\n\n',
      [{ id: '', type: 'message', data: 'x' }],
    ],
    ['never dispatches an event without data', 'event: a\n\n', []],
    ['never dispatches an event that was not closed', 'data: x\n', []],
    ['ignores an id that holds NUL', 'id: 1\n\nid: 2\0\ndata: x\n\n', [{ id: '1', type: 'message', data: 'x' }]],
    [
      'keeps the id for the events after it',
      'id: 3\ndata: x\n\ndata: y\n\n',
      [
        { id: '3', type: 'message', data: 'x' },
        { id: '3', type: 'message', data: 'y' },
      ],
    ],
  ])('%s', (_, text, messages) => {
    expect(parseAll(text)).toEqual(messages);
  });

  it('resumes from the id of the last event that was closed, not of one that has only begun', () => {
    const parser = createSseParser();
    parser.push(bytes('id: 1\ndata: x\n\nid: 2\ndata: half'));
    expect(parser.lastEventId).toBe('1');
    parser.push(bytes('\n\n'));
    expect(parser.lastEventId).toBe('2');
  });

  it('refuses a line that never ends', () => {
    const parser = createSseParser();
    expect(() => {
      for (let i = 0; i < 20; i++) parser.push(bytes('x'.repeat(100_000)));
    }).toThrow(RangeError);
  });

  it('reads the same events wherever the bytes are cut, characters included', () => {
    const value = fc.string({ unit: fc.constantFrom('a', ' ', ':', 'é', '漢', '😀', '\t'), maxLength: 12 });
    const line = fc.oneof(
      value.map((text) => `data: ${text}`),
      value.map((text) => `event: ${text}`),
      value.map((text) => `id: ${text}`),
      value.map((text) => `:${text}`),
      fc.constant(''),
    );
    const end = fc.constantFrom('\n', '\r', '\r\n');
    const text = fc.array(
      fc.tuple(line, end).map((parts) => parts.join('')),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(text, fc.array(fc.nat(4000), { maxLength: 60 }), (lines, cuts) => {
        const whole = lines.join('');
        expect(parseAll(whole, cuts)).toEqual(parseAll(whole));
      }),
      { numRuns: 500 },
    );
  });

  it('reads back what a server wrote, in every line end', () => {
    const message = fc.record({
      id: fc.stringMatching(/^[0-9]{1,9}$/),
      type: fc.stringMatching(/^[a-z][a-z._]{0,20}$/),
      data: fc.array(
        fc.string({ maxLength: 20 }).map((s) => s.replaceAll(/[\r\n]/g, '')),
        { minLength: 1, maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(fc.array(message), fc.constantFrom('\n', '\r', '\r\n'), fc.array(fc.nat(4000)), (sent, end, cuts) => {
        const text = sent
          .map(({ id, type, data }) =>
            [`id: ${id}`, `event: ${type}`, ...data.map((d) => `data: ${d}`), '', ''].join(end),
          )
          .join('');
        expect(parseAll(text, cuts)).toEqual(sent.map((one) => ({ ...one, data: one.data.join('\n') })));
      }),
      { numRuns: 300 },
    );
  });
});
