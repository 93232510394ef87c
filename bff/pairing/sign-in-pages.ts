import { createHash } from 'node:crypto';

/** The two pages of the sign-in window. No script but the one that tells the opener; nothing is loaded. */

const STYLE = `:root{color-scheme:light dark;--ink:#16202b;--quiet:#4a5866;--paper:#f6f8fa;--card:#fff;--line:#d5dde5;--accent:#0b62b3;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#eef2f6;--quiet:#a9b6c3;--paper:#11171d;--card:#1a222b;--line:#33404d;--accent:#7cbcff;--on-accent:#08243f}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{width:100%;max-width:30rem;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .75rem;font-size:1.375rem;line-height:1.3;overflow-wrap:anywhere}
p{margin:0 0 1rem}
p:last-child{margin:0}
.quiet{color:var(--quiet);font-size:.9375rem}
strong{overflow-wrap:anywhere}
a{display:inline-block;padding:.625rem 1.25rem;border-radius:.5rem;background:var(--accent);color:var(--on-accent);font-weight:600;text-decoration:none}
a:focus-visible{outline:3px solid var(--accent);outline-offset:3px}`;

/** The message is a hint (rules.md "Sign-in"): it goes to the very origin that asked, and holds no result but its kind. */
const SCRIPT = `const{origin,outcome}=document.documentElement.dataset;
if(window.opener&&origin)window.opener.postMessage({type:'itero-sign-in',outcome},origin);
window.close();`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** "Connect clinic X in product Y", so that nobody is lured into another's tenant (rules.md "Sign-in"). */
export function startPage(input: { clinic: string; product: string; person: string; continueUrl: string }): Response {
  return page(
    200,
    `Connect ${input.clinic}`,
    `<h1>Connect clinic ${escape(input.clinic)} in ${escape(input.product)}</h1>
<p>${escape(input.person)} asked to connect this clinic to iTero. You sign in at Align next; then the scans of the iTero account you choose appear in <strong>${escape(input.product)}</strong>.</p>
<p><a href="${escape(input.continueUrl)}" rel="noreferrer">Continue to iTero</a></p>
<p class="quiet">Is this not your clinic, or did you not ask for it? Close this window: nothing has happened.</p>`,
  );
}

export function returnPage(input: {
  openerOrigin: string;
  outcome: 'signed_in' | 'failed';
  sentence: string;
}): Response {
  const heading = input.outcome === 'signed_in' ? 'Signed in to iTero' : 'The sign-in did not succeed';
  return page(
    200,
    heading,
    `<h1>${heading}</h1>
<p>${escape(input.sentence)}</p>
<p class="quiet">You can close this window.</p>
<script>${SCRIPT}</script>`,
    ` data-origin="${escape(input.openerOrigin)}" data-outcome="${input.outcome}"`,
  );
}

/** For a ticket or state that is unknown, used, too old or another browser's: all alike. */
export function deadEndPage(): Response {
  return page(
    404,
    'This sign-in is over',
    `<h1>This sign-in is over</h1>
<p>The link was used already, is too old, or belongs to another browser. Close this window and press Connect again.</p>`,
  );
}

export function unavailablePage(sentence: string): Response {
  return page(
    503,
    'Not possible at the moment',
    `<h1>Not possible at the moment</h1>
<p>${escape(sentence)}</p>
<p class="quiet">Close this window and press Connect again later.</p>`,
  );
}

function page(status: number, title: string, main: string, attributes = ''): Response {
  const html = `<!doctype html>
<html lang="en"${attributes}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
  return new Response(html, {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Frame-Options': 'DENY',
      // Anything stricter would cut the window from its opener, on this page and on every one after it.
      'Cross-Origin-Opener-Policy': 'unsafe-none',
      // A page is not for other origins to embed, unlike the rest of this service.
      'Cross-Origin-Resource-Policy': 'same-origin',
    },
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
