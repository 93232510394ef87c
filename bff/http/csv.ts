import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpContext } from './env.ts';
import { alreadySent, nodeResponse } from './node-response.ts';

export type Cell = string | number | null;

/**
 * Spreadsheets take a cell that begins so for a formula and run it, whatever blanks stand before it, and in some languages
 * the wide signs too (CWE-1236). Where the comma is the decimal sign, a semicolon begins a cell.
 */
const FORMULA = /^(?=[\t\r\n])|^(?=\s*[=+\-@＝＋－＠])|(?<=[;\t\n])(?=\s*[=+\-@＝＋－＠])/g;

/** One record of RFC 4180, with its line end. A text that a spreadsheet would run gets an apostrophe in front. */
export function toCsvLine(cells: readonly Cell[]): string {
  return `${cells.map(toField).join(',')}\r\n`;
}

function toField(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = cell.replace(FORMULA, "'");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Sends a table page by page as its reader takes it: however long it is, one page is in memory. A fault before the first
 * byte is a problem document; a later one breaks the connection, so that half a table never looks like a whole one.
 * @param pages is left early when the reader goes away
 */
export async function sendCsv(
  context: HttpContext,
  fileName: string,
  header: readonly string[],
  pages: AsyncGenerator<readonly (readonly Cell[])[]>,
): Promise<Response> {
  const headers = {
    'Content-Type': 'text/csv; charset=utf-8; header=present',
    'Content-Disposition': `attachment; filename="${fileName}"`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  };
  const response = nodeResponse(context);
  // Nothing is read for it; and Hono answers a HEAD with a copy, which loses that it was sent already.
  if (response.req.method === 'HEAD') return new Response(null, { headers });
  const lines = Readable.from(toText(header, pages), { highWaterMark: 1 });
  await once(lines, 'readable');
  response.writeHead(200, headers);
  try {
    await pipeline(lines, response);
  } catch (error) {
    const reason = error instanceof Error ? error.name : 'unknown';
    context.get('log').info({ reason, left: response.destroyed }, 'an export broke off');
  }
  return alreadySent;
}

async function* toText(
  header: readonly string[],
  pages: AsyncGenerator<readonly (readonly Cell[])[]>,
): AsyncGenerator<string> {
  let head = toCsvLine(header);
  for await (const page of pages) {
    yield head + page.map(toCsvLine).join('');
    head = '';
  }
  if (head !== '') yield head;
}
