import { html } from 'hono/html';
import { clinics, users } from '../clinics.ts';
import type { Html } from './layout.ts';

export function signInPage(failed: boolean): Html {
  return html`<!doctype html>
    <html lang="en-GB">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Sign in · Molar</title>
        <link rel="icon" href="/public/favicon.svg" />
        <link rel="stylesheet" href="/public/frame.css" />
        <link rel="stylesheet" href="/public/dpms.css" />
      </head>
      <body class="sign-in">
        <main>
          <p class="brand"><span aria-hidden="true" class="mark"></span>Molar</p>
          <h1>Sign in to your practice</h1>
          <form method="post" action="/sign-in" class="card stack">
            ${failed ? html`<p role="alert" class="notice">E-mail or password is wrong. Use one of the logins below.</p>` : ''}
            <label>E-mail <input name="email" type="email" autocomplete="username" required /></label>
            <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
            <button class="primary">Sign in</button>
          </form>
          <section class="card" aria-labelledby="people">
            <h2 id="people">Demo logins</h2>
            <p class="muted">
              An invented practice system, to show itero-embed at work. The password is always <code>demo</code>.
            </p>
            ${clinics.map(
              (clinic) =>
                html`<h3>${clinic.name}</h3>
                  <ul class="people">
                    ${users
                      .filter((user) => user.clinicId === clinic.id)
                      .map(
                        (user) =>
                          html`<li>
                            <code>${user.email}</code> <span class="muted">${user.displayName}, ${user.role}</span>
                          </li>`,
                      )}
                  </ul>`,
            )}
          </section>
        </main>
      </body>
    </html>`;
}
