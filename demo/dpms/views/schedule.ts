import { html } from 'hono/html';
import type { User } from '../clinics.ts';
import type { Appointment } from '../patients.ts';
import { layout, type Html } from './layout.ts';

export function schedulePage(user: User, bff: string, appointments: readonly Appointment[]): Html {
  const today = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date());
  return layout(user, bff, {
    title: 'Schedule',
    active: '/',
    body: html`<div class="head">
        <h1>Schedule</h1>
        <p class="muted">${today}</p>
      </div>
      <ol class="schedule card">
        ${appointments.map(
          (entry) =>
            html`<li>
              <time>${entry.time}</time>
              <a href="/patients/${entry.patient.id}"
                ><bdi>${entry.patient.lastName}, ${entry.patient.firstName}</bdi></a
              >
              <span>${entry.reason}</span>
              <span class="muted">${entry.chair} · ${entry.minutes} min</span>
            </li>`,
        )}
      </ol>`,
  });
}
