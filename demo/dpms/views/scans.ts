import { html } from 'hono/html';
import type { User } from '../clinics.ts';
import { layout, unreachable, type Html } from './layout.ts';

/** The clinic's inbox: the same element without a chart number. */
export function scansPage(user: User, bff: string): Html {
  return layout(user, bff, {
    title: 'Scans',
    active: '/scans',
    body: html`<div class="head"><h1>Scans</h1></div>
      <itero-scan-inbox id="clinic-inbox" settings-url="/settings">${unreachable}</itero-scan-inbox>`,
  });
}
