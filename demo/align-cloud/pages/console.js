/* The console: polls /control/state, draws what changed, sends what a person does. */

import { drawCases } from './cases.js';
import { chosenClinic, drawClinics, drawConnection, drawRxs } from './clinic.js';
import { element, time } from './dom.js';
import { prepareFaults } from './faults.js';
import { drawLogs } from './logs.js';
import { drawSwitches } from './switches.js';
import { act, afterAction, byId, control } from './talk.js';

let state;

function drawProcedures({ procedures }) {
  const select = byId('walk-in-procedure');
  if (select.children.length > 0) return;
  select.append(...procedures.map(({ id, name }) => element('option', { value: String(id) }, name)));
}

function draw() {
  const clinic = chosenClinic();
  const account = state.accounts.find(({ companyId }) => companyId === clinic) ?? state.accounts[0];
  const clock = byId('clock');
  clock.textContent = time(state.clock.now);
  clock.dateTime = state.clock.now;
  byId('clock-label').textContent = state.clock.kind === 'manual' ? 'Clock (stands still)' : 'Clock';
  drawClinics(state, draw);
  drawConnection(state, account);
  drawRxs(state);
  drawCases(state, clinic);
  drawLogs(state);
  drawSwitches(state);
  drawProcedures(account);
}

let looking;
/** Looks at the simulator once; calls that come meanwhile share it. */
function look() {
  looking ??= lookNow().finally(() => (looking = undefined));
  return looking;
}

async function lookNow() {
  try {
    state = await control('GET', '/state');
    byId('offline').hidden = true;
  } catch {
    byId('offline').hidden = false;
    return;
  }
  draw();
}

async function poll() {
  try {
    if (!document.hidden) await look();
  } finally {
    setTimeout(() => void poll(), 1000);
  }
}

byId('walk-in').addEventListener('submit', (event) => {
  event.preventDefault();
  const { procedureId, ...typed } = Object.fromEntries(new FormData(event.target));
  const patient = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''));
  void act('Scanning without a prescription. The case is listed when its files are ready.', () =>
    control('POST', `/accounts/${chosenClinic()}/scan`, {
      procedureId: Number(procedureId),
      captures: byId('captures').checked,
      ...(Object.keys(patient).length > 0 ? { patient } : {}),
    }),
  );
});

const onClick = (node, run) => node.addEventListener('click', () => void run());

for (const one of document.querySelectorAll('[data-advance]')) {
  const seconds = Number(one.dataset.advance);
  onClick(one, () =>
    act(`The clock is ${one.textContent.slice(1)} further.`, () => control('POST', '/clock/advance', { seconds })),
  );
}
onClick(byId('clear-faults'), () => act('All faults cleared.', () => control('DELETE', '/faults')));
onClick(byId('expire'), () => act('Every access token is over.', () => control('POST', '/expire-tokens')));
onClick(byId('reset'), async () => {
  if (!confirm('Forget all logins, prescriptions and cases?')) return;
  await act('All is as at the beginning.', () => control('POST', '/reset'));
});

afterAction(look);
await prepareFaults();
await poll();
