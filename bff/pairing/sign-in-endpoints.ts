import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { PROBLEMS } from '../../shared/problem.ts';
import { routes } from '../../shared/routes.ts';
import { AlignFault } from '../align/index.ts';
import { rawEndpoint, type Endpoint } from '../http/endpoint.ts';
import type { HttpContext } from '../http/env.ts';
import type { Vendors } from '../vendors.ts';
import { deadEndPage, returnPage, startPage, unavailablePage } from './sign-in-pages.ts';
import type { SignIns } from './sign-ins.ts';
import { toProblemCode } from './to-problem-error.ts';

/** Seconds; as long as a sign-in may take. */
const COOKIE_AGE = 600;

/**
 * `__Host-` wants `Secure`, also where the demo runs on plain http: Chromium and Firefox count http://localhost and
 * http://127.0.0.1 as trustworthy and take such cookies, Safari does not. Lax, because Align's redirect is another site's.
 */
const COOKIE = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;

/** The browser's own navigations: no bearer, a cookie instead. */
export function createSignInEndpoints(parts: { signIns: SignIns; vendors: Vendors; publicUrl: string }): Endpoint[] {
  const { signIns, vendors, publicUrl } = parts;
  return [
    rawEndpoint({
      method: 'get',
      path: '/v1/pairing/start/:ticket',
      auth: 'open',
      summary: 'Names clinic and product, then goes on to Align. Single use.',
      async handle(context) {
        if (!isNavigation(context)) return new Response(null, { status: 405, headers: { Allow: 'GET' } });
        const opened = await signIns.open(context.req.param('ticket') ?? '').catch((error: unknown) => {
          if (error instanceof AlignFault) return error;
          throw error;
        });
        if (opened === null) return deadEndPage();
        if (opened instanceof AlignFault) return unavailablePage(PROBLEMS[toProblemCode(opened)][2]);
        const { signIn, authorizationUrl, cookie } = opened;
        setCookie(context, cookie.name, cookie.value, { ...COOKIE, maxAge: COOKIE_AGE });
        return withCookies(
          context,
          startPage({
            clinic: signIn.clinic_name ?? signIn.tenant,
            product: vendors.find(signIn.vendor)?.name ?? signIn.vendor,
            person: signIn.user_name,
            continueUrl: authorizationUrl,
          }),
        );
      },
    }),

    rawEndpoint({
      method: 'get',
      path: routes.pairingCallback,
      auth: 'open',
      summary: 'Align returns here. Tells the opener that the sign-in is over, and closes.',
      async handle(context) {
        if (!isNavigation(context)) return new Response(null, { status: 405, headers: { Allow: 'GET' } });
        // The address the browser used may be a proxy's inner one; only the query matters.
        const answer = new URL(`${publicUrl}${routes.pairingCallback}${new URL(context.req.url).search}`);
        const finished = await signIns.finish(answer, (name) => getCookie(context, name));
        if (finished === null) return deadEndPage();
        const { openerOrigin, cookieName, problem } = finished;
        deleteCookie(context, cookieName, COOKIE);
        return withCookies(
          context,
          problem === null
            ? returnPage({
                openerOrigin,
                outcome: 'signed_in',
                sentence: 'Choose the clinic in the window you came from.',
              })
            : returnPage({ openerOrigin, outcome: 'failed', sentence: PROBLEMS[problem][2] }),
        );
      },
    }),
  ];
}

/** HEAD and prefetch are not the person: they must not use up what works once. */
function isNavigation(context: HttpContext): boolean {
  const purpose = `${context.req.header('sec-purpose') ?? ''} ${context.req.header('purpose') ?? ''}`;
  return context.req.raw.method === 'GET' && !/prefetch|prerender/i.test(purpose);
}

/** Hono sets cookies on the context; our page is a response of its own. */
function withCookies(context: HttpContext, response: Response): Response {
  for (const cookie of context.res.headers.getSetCookie()) response.headers.append('Set-Cookie', cookie);
  return response;
}
