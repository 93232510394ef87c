import { html } from 'hono/html';
import type { User } from '../clinics.ts';
import type { Patient } from '../patients.ts';
import { layout, type Html } from './layout.ts';

export function patientListPage(user: User, bff: string, patients: readonly Patient[]): Html {
  return layout(user, bff, {
    title: 'Patients',
    active: '/patients',
    body: html`<div class="head">
        <h1>Patients</h1>
        <p class="muted">${patients.length} records</p>
      </div>
      <div class="card">
        <table class="people-list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Chart</th>
              <th scope="col">Born</th>
              <th scope="col">Alerts</th>
            </tr>
          </thead>
          <tbody>
            ${patients.map(
              (patient) =>
                html`<tr>
                  <th scope="row">
                    <a href="/patients/${patient.id}"><bdi>${patient.lastName}, ${patient.firstName}</bdi></a>
                  </th>
                  <td data-label="Chart">${patient.chartNumber}</td>
                  <td data-label="Born">${patient.dateOfBirth}</td>
                  <td data-label="Alerts">${patient.alerts.join(', ') || html`<span class="muted">none</span>`}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`,
  });
}
