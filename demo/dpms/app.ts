import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { User } from './clinics.ts';
import { createLogin } from './login.ts';
import { patientsOf, scheduleOf } from './patients.ts';
import { mintScannerSession, type ScannerAccess } from './scanner-session.ts';
import { chartPage, isTab } from './views/chart.ts';
import { patientListPage } from './views/patient-list.ts';
import { schedulePage } from './views/schedule.ts';
import { scansPage } from './views/scans.ts';
import { settingsPage } from './views/settings.ts';
import { signInPage } from './views/sign-in.ts';

const PUBLIC = ['dpms.css', 'frame.css', 'favicon.svg', 'unread-badge.js'] as const;
const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The demo practice system: pages, its own sign-in, and one route that mints scanner sessions. */
export function createDpms(access: ScannerAccess): Hono<{ Variables: { user: User } }> {
  const login = createLogin();
  const app = new Hono<{ Variables: { user: User } }>();
  const bff = new URL(access.bffUrl).origin;

  // As strict as a careful vendor would have it: the embed needs no inline style, no eval, one script origin.
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", bff],
        connectSrc: ["'self'", bff],
        imgSrc: ["'self'", bff, 'blob:'],
        styleSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ['lit-html'],
      },
      // The sign-in pop-up must be able to tell the chart page that it is done.
      crossOriginOpenerPolicy: 'same-origin-allow-popups',
      strictTransportSecurity: false,
    }),
  );

  for (const name of PUBLIC) {
    app.get(`/public/${name}`, async (c) => {
      const bytes = await readFile(fileURLToPath(new URL(`public/${name}`, import.meta.url)));
      return c.body(bytes, 200, { 'content-type': TYPES[name.split('.').at(-1) ?? ''] ?? 'text/plain' });
    });
  }

  app.get('/sign-in', (c) => c.html(signInPage(false)));
  app.post('/sign-in', async (c) => {
    const { email, password } = await c.req.parseBody();
    const user = typeof email === 'string' && typeof password === 'string' ? login.signIn(c, email, password) : null;
    return user === null ? c.html(signInPage(true), 401) : c.redirect('/', 303);
  });
  app.post('/sign-out', (c) => {
    login.signOut(c);
    return c.redirect('/sign-in', 303);
  });

  app.use(async (c, next) => {
    const user = login.current(c);
    if (user === null)
      return c.req.method === 'GET' ? c.redirect('/sign-in', 303) : c.json({ message: 'Not signed in.' }, 401);
    c.set('user', user);
    c.header('Cache-Control', 'no-store');
    return next();
  });

  app.get('/', (c) => c.html(schedulePage(c.var.user, bff, scheduleOf(c.var.user.clinicId))));
  app.get('/patients', (c) => c.html(patientListPage(c.var.user, bff, patientsOf(c.var.user.clinicId))));
  app.get('/scans', (c) => c.html(scansPage(c.var.user, bff)));
  app.get('/settings', (c) => c.html(settingsPage(c.var.user, bff)));
  app.get('/patients/:id/:tab?', (c) => {
    const patient = patientsOf(c.var.user.clinicId).find((candidate) => candidate.id === c.req.param('id'));
    const tab = c.req.param('tab') ?? 'overview';
    if (patient === undefined || !isTab(tab)) return c.notFound();
    return c.html(chartPage(c.var.user, bff, patient, tab));
  });

  // The header cannot be set by a plain cross-site form, so it doubles as the CSRF check.
  app.post('/itero/session', async (c) => {
    if (c.req.header('x-itero-embed') !== '1') return c.json({ message: 'Missing X-Itero-Embed.' }, 400);
    const wish: unknown = await c.req.json().catch(() => null);
    const grant = await mintScannerSession(access, c.var.user, wish);
    return grant.status === 200 ? c.json(grant.body as object) : c.json({ message: grant.message }, grant.status);
  });
  return app;
}
