import { html } from 'hono/html';
import { clinicOf, type User } from '../clinics.ts';

export type Html = ReturnType<typeof html>;

const NAV = [
  ['/', 'Schedule'],
  ['/patients', 'Patients'],
  ['/scans', 'Scans'],
  ['/settings', 'Settings'],
] as const;

/** Stands in an element until the embed has defined it: seen only when the scanner service cannot be reached. */
export const unreachable: Html = html`<p class="fallback">
  The scanner service cannot be reached, so scans cannot be shown here. The chart itself works as always. Reload the
  page in a moment.
</p>`;

export interface Page {
  readonly title: string;
  readonly active: (typeof NAV)[number][0];
  readonly body: Html;
}

/** Every page of a signed-in person. The two lines in `head` are all that a vendor adds to embed the scanner. */
export function layout(user: User, bff: string, page: Page): Html {
  return html`<!doctype html>
    <html lang="en-GB">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · Molar</title>
        <link rel="icon" href="/public/favicon.svg" />
        <link rel="stylesheet" href="/public/frame.css" />
        <link rel="stylesheet" href="/public/dpms.css" />
        <meta name="itero-session-url" content="/itero/session" />
        <script type="module" src="${bff}/embed/v1/itero.js"></script>
        <script type="module" src="/public/unread-badge.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <p class="brand"><span aria-hidden="true" class="mark"></span>Molar</p>
          <nav aria-label="Main">
            ${NAV.map(
              ([href, label]) =>
                html`<a href="${href}" ${href === page.active ? html`aria-current="page"` : ''}
                  >${label}${href === '/scans' ? html`<span class="badge" data-unread hidden></span>` : ''}</a
                >`,
            )}
          </nav>
          <div class="who">
            <span><strong>${user.displayName}</strong><small>${clinicOf(user).name}</small></span>
            <form method="post" action="/sign-out"><button>Sign out</button></form>
          </div>
        </header>
        <main id="main">${page.body}</main>
      </body>
    </html>`;
}
