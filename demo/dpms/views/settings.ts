import { html } from 'hono/html';
import { clinicOf, type User } from '../clinics.ts';
import { layout, unreachable, type Html } from './layout.ts';

export function settingsPage(user: User, bff: string): Html {
  const clinic = clinicOf(user);
  return layout(user, bff, {
    title: 'Settings',
    active: '/settings',
    body: html`<div class="head"><h1>Settings</h1></div>
      <div class="stack narrow">
        <section class="card" aria-labelledby="clinic">
          <h2 id="clinic">Clinic</h2>
          <dl class="facts">
            <div>
              <dt>Name</dt>
              <dd>${clinic.name}</dd>
            </div>
            <div>
              <dt>Address</dt>
              <dd>${clinic.address}</dd>
            </div>
            <div>
              <dt>Your role</dt>
              <dd>${user.role}</dd>
            </div>
          </dl>
        </section>
        <itero-pair>${unreachable}</itero-pair>
      </div>`,
  });
}
