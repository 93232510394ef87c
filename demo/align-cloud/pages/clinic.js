/* The clinic's own part: which clinic, who is paired, what lies at the scanner. */

import { button, chip, element, nameOf, sync, time } from './dom.js';
import { act, byId, control } from './talk.js';

let clinic = Number(sessionStorage.getItem('clinic')) || 1017;

/** The chosen clinic's number. */
export const chosenClinic = () => clinic;

export function drawClinics(state, redraw) {
  sync(
    byId('clinics'),
    state.accounts
      .filter(({ isConfigured }) => isConfigured)
      .map(({ companyId, companyName, city }) => ({
        companyId,
        companyName,
        city,
        open: state.rxs.filter((rx) => rx.companyId === companyId && rx.state !== 'scanned').length,
      })),
    ({ companyId }) => companyId,
    ({ companyId, companyName, city, open }) => {
      const input = element('input', { type: 'radio', name: 'clinic', value: String(companyId) });
      input.checked = companyId === clinic;
      input.dataset.key = 'clinic';
      input.addEventListener('change', () => {
        clinic = companyId;
        sessionStorage.setItem('clinic', String(companyId));
        redraw();
      });
      return element(
        'label',
        {},
        input,
        element('span', {}, element('strong', {}, companyName), element('small', {}, `${companyId} · ${city}`)),
        open > 0 ? chip(`${open} open`, 'info') : null,
      );
    },
  );
  for (const input of document.querySelectorAll('input[name=clinic]')) input.checked = Number(input.value) === clinic;
}

export function drawConnection(state, account) {
  const { companyId, companyName, pairedUsers, hasCallback } = account;
  const isPaired = pairedUsers.length > 0;
  const callback = hasCallback
    ? chip('callback registered', 'good')
    : state.partnerCallbackUrl === null
      ? chip('no callback', 'warn')
      : chip('partner callback', 'good');
  sync(
    byId('connection'),
    [{ companyId, pairedUsers, hasCallback, partner: state.partnerCallbackUrl }],
    () => companyId,
    () =>
      element(
        'div',
        { className: 'card-head' },
        element(
          'div',
          {},
          element(
            'p',
            { className: 'what' },
            isPaired ? `Paired: ${pairedUsers.join(', ')}` : 'Nobody is paired with this clinic.',
          ),
          element(
            'p',
            { className: 'chips' },
            chip(isPaired ? 'paired' : 'not paired', isPaired ? 'good' : ''),
            callback,
          ),
        ),
        isPaired
          ? button('unpair', 'Un-pair from elsewhere', `Un-pair from elsewhere: ${companyName}`, () =>
              act(`${companyName} is un-paired. Every user is disconnected.`, () =>
                control('POST', `/accounts/${companyId}/unpair`),
              ),
            )
          : null,
      ),
  );
}

function scanWish() {
  return { captures: byId('captures').checked, ...(byId('mistyped').checked ? { mistyped: true } : {}) };
}

export function drawRxs(state) {
  sync(
    byId('rxs'),
    state.rxs.filter((rx) => rx.companyId === clinic && rx.state !== 'scanned').toReversed(),
    ({ rxId }) => rxId,
    (rx) => {
      const who = nameOf(rx.patient);
      const teeth = rx.teeth.length > 0 ? ` · teeth ${rx.teeth.join(', ')}` : '';
      return element(
        'li',
        {},
        element(
          'div',
          {},
          element('p', { className: 'who' }, who),
          element(
            'p',
            { className: 'what' },
            `Chart ${rx.patient.chartNumber || '—'} · ${rx.procedure}${rx.procedureType ? `, ${rx.procedureType}` : ''}${teeth}`,
          ),
          element(
            'p',
            { className: 'chips' },
            rx.state === 'scanning' ? chip('picked up', 'warn') : chip('Rx Created', 'info'),
            chip(time(rx.createdDate)),
          ),
        ),
        element(
          'div',
          { className: 'acts' },
          rx.state === 'created'
            ? button('pick-up', 'Pick up', `Pick up the prescription of ${who}`, () =>
                act(`Picked up. The prescription of ${who} can no longer be withdrawn.`, () =>
                  control('POST', `/rx/${rx.rxId}/pick-up`),
                ),
              )
            : null,
          button(
            'scan',
            'Scan',
            `Scan ${who}`,
            () =>
              act(`Scanning ${who}. The case is listed when its files are ready.`, () =>
                control('POST', `/rx/${rx.rxId}/scan`, scanWish()),
              ),
            true,
          ),
        ),
      );
    },
    'No open prescription. Send one from the practice system, or scan a patient without one.',
  );
}
