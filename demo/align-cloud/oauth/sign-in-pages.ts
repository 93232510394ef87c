import { html as markup } from 'hono/html';
import type { Cloud } from '../cloud.ts';
import type { User } from '../model.ts';
import { htmlPage } from '../html-page.ts';
import type { SignIn } from '../state.ts';

type Markup = ReturnType<typeof markup>;

const frame = (cloud: Cloud, status: number, title: string, content: Markup): Promise<Response> =>
  htmlPage({
    status,
    title: `${title} · Align cloud simulator`,
    headers: cloud.flags.severOpener ? { 'cross-origin-opener-policy': 'same-origin' } : {},
    body: markup`<main class="sheet">
      <p class="mark"><span aria-hidden="true" class="mark-dot"></span>Align cloud <em>simulator</em></p>
      ${content}
      <p class="small-print">
        A stand-in for development. It is not Align Technology’s sign-in page: never type a real password here.
      </p>
    </main>`,
  });

export function refusalPage(cloud: Cloud, status: number, title: string, sentence: string): Promise<Response> {
  return frame(
    cloud,
    status,
    title,
    markup`<h1>${title}</h1>
      <p role="alert" class="notice bad">${sentence}</p>`,
  );
}

export function signInPage(
  cloud: Cloud,
  { signIn, login = '', failed = false }: { signIn: SignIn; login?: string; failed?: boolean },
): Promise<Response> {
  return frame(
    cloud,
    failed ? 401 : 200,
    'Sign in',
    markup`<h1>Sign in</h1>
      <p>Use the login you have for MyiTero. <strong>${new URL(signIn.redirectUri).host}</strong> asks for it.</p>
      ${failed ? markup`<p role="alert" class="notice bad" id="failed">Login or password is wrong.</p>` : ''}
      <form method="post" action="${cloud.oauthPath}/authorize" class="stack">
        <input type="hidden" name="sign_in" value="${signIn.id}" />
        <label for="login">Login</label>
        <input
          id="login"
          name="login"
          type="email"
          autocomplete="username"
          required
          value="${login}"
          ${failed ? markup`aria-describedby="failed"` : ''}
        />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required />
        <button class="primary" type="submit">Sign in</button>
      </form>
      <details class="hints" open>
        <summary>Logins of this simulator</summary>
        <ul>
          ${cloud.state.users.map(
            (user) =>
              markup`<li>
                <form method="post" action="${cloud.oauthPath}/authorize">
                  <input type="hidden" name="sign_in" value="${signIn.id}" />
                  <input type="hidden" name="login" value="${user.login}" />
                  <input type="hidden" name="password" value="${user.password}" />
                  <button type="submit" class="hint">
                    <span><strong>${user.login}</strong> <code>${user.password}</code></span>
                    <span class="hint-note">${user.hint}</span>
                  </button>
                </form>
              </li>`,
          )}
        </ul>
      </details>`,
  );
}

export function consentPage(cloud: Cloud, signIn: SignIn, user: User): Promise<Response> {
  const accounts = user.companyIds.map((id) => cloud.state.accounts.get(id)?.companyName ?? String(id));
  return frame(
    cloud,
    200,
    'Allow access',
    markup`<h1>Allow access?</h1>
      <p>
        Signed in as <strong>${user.firstName} ${user.lastName}</strong>. The application at
        <strong>${new URL(signIn.redirectUri).host}</strong> would like, for the clinics you belong to, to
      </p>
      <ul class="plain">
        <li>read the practice configuration,</li>
        <li>send prescriptions to the scanner and withdraw them,</li>
        <li>read orders and download their files.</li>
      </ul>
      <p class="quiet">Your clinics: ${accounts.join(', ')}</p>
      <form method="post" action="${cloud.oauthPath}/authorize/consent" class="row">
        <input type="hidden" name="sign_in" value="${signIn.id}" />
        <button class="primary" type="submit" name="decision" value="allow">Allow</button>
        <button type="submit" name="decision" value="cancel">Cancel</button>
      </form>`,
  );
}
