import { html } from 'hono/html';
import type { User } from '../clinics.ts';
import type { Patient } from '../patients.ts';
import { layout, unreachable, type Html } from './layout.ts';

const TABS = { overview: 'Overview', plan: 'Treatment plan', notes: 'Notes' } as const;
export type Tab = keyof typeof TABS;

export function isTab(name: string): name is Tab {
  return Object.hasOwn(TABS, name);
}

/** A patient's chart. "Overview" holds the two scanner elements, side by side with the practice's own data. */
export function chartPage(user: User, bff: string, patient: Patient, tab: Tab): Html {
  return layout(user, bff, {
    title: `Chart ${patient.chartNumber}`,
    active: '/patients',
    body: html`${band(patient)}
      <nav class="tabs" aria-label="Chart">
        ${Object.entries(TABS).map(
          ([name, label]) =>
            html`<a href="/patients/${patient.id}/${name}" ${name === tab ? html`aria-current="page"` : ''}
              >${label}</a
            >`,
        )}
      </nav>
      ${panel(patient, tab)}`,
  });
}

function band(patient: Patient): Html {
  return html`<div class="band">
    <h1><bdi>${patient.firstName} ${patient.lastName}</bdi></h1>
    <dl>
      <div>
        <dt>Chart</dt>
        <dd>${patient.chartNumber}</dd>
      </div>
      <div>
        <dt>Born</dt>
        <dd>${patient.dateOfBirth}</dd>
      </div>
      <div>
        <dt>Phone</dt>
        <dd>${patient.phone}</dd>
      </div>
    </dl>
    ${patient.alerts.map((alert) => html`<span class="alert">${alert}</span>`)}
  </div>`;
}

function panel(patient: Patient, tab: Tab): Html {
  switch (tab) {
    case 'overview':
      return overview(patient);
    case 'plan':
      return html`<section class="card" aria-labelledby="plan">
        <h2 id="plan">Treatment plan</h2>
        ${planTable(patient)}
      </section>`;
    case 'notes':
      return html`<section class="card" aria-labelledby="notes">
        <h2 id="notes">Notes</h2>
        <p>${patient.notes || html`<span class="muted">No notes yet.</span>`}</p>
      </section>`;
    default:
      return tab satisfies never;
  }
}

/** What a vendor writes into the page: two tags with the patient's attributes. */
function overview(patient: Patient): Html {
  return html`<div class="chart">
    <div class="stack">
      <itero-scan-request
        first-name="${patient.firstName}"
        last-name="${patient.lastName}"
        chart-number="${patient.chartNumber}"
        date-of-birth="${patient.dateOfBirth}"
        >${unreachable}</itero-scan-request
      >
      <section class="card" aria-labelledby="plan">
        <h2 id="plan">Treatment plan</h2>
        ${planTable(patient)}
      </section>
    </div>
    <itero-scan-inbox chart-number="${patient.chartNumber}" settings-url="/settings">${unreachable}</itero-scan-inbox>
  </div>`;
}

function planTable(patient: Patient): Html {
  if (patient.plan.length === 0) return html`<p class="muted">Nothing planned.</p>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Tooth</th>
        <th scope="col">Treatment</th>
        <th scope="col">State</th>
      </tr>
    </thead>
    <tbody>
      ${patient.plan.map(
        (entry) =>
          html`<tr>
            <td>${entry.tooth}</td>
            <td>${entry.treatment}</td>
            <td>${entry.state}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
