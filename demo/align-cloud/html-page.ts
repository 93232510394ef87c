import { html as markup } from 'hono/html';

export interface HtmlPage {
  status?: number;
  title: string;
  body: ReturnType<typeof markup>;
  headers?: Record<string, string>;
}

export const PAGE_HEADERS: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** A page that works without scripts. Everything interpolated is escaped by `markup`. */
export async function htmlPage({ status = 200, title, body, headers = {} }: HtmlPage): Promise<Response> {
  const text = await markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/pages/simulator.css" />
      </head>
      <body>
        ${body}
      </body>
    </html>`;
  return new Response(text.toString(), {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...PAGE_HEADERS, ...headers },
  });
}
