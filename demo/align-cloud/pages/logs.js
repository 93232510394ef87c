/* Notifications, calls and faults. */

import { button, chip, element, sync, time } from './dom.js';
import { act, byId, control } from './talk.js';

const OUTCOME = { delivered: 'good', waiting: 'warn', sending: 'warn', dropped: 'bad', 'no callback': '' };

export function drawLogs(state) {
  sync(
    byId('notifications'),
    state.notifications.slice(-60).toReversed(),
    ({ id }) => id,
    ({ at, rxId, companyId, why, outcome, status, note }) =>
      element(
        'li',
        {},
        element('time', {}, time(at)),
        element('span', {}, why),
        chip(status === undefined || status === null ? outcome : `${outcome} ${status}`, OUTCOME[outcome] ?? 'bad'),
        element(
          'span',
          { className: 'more' },
          `clinic ${companyId} · RX ${rxId.slice(0, 8)}…${note ? ` · ${note}` : ''}`,
        ),
      ),
    'No notification yet.',
  );
  sync(
    byId('calls'),
    state.calls.slice(-60).toReversed(),
    ({ id }) => id,
    ({ at, point, companyId, status, fault }) =>
      element(
        'li',
        {},
        element('time', {}, time(at)),
        element('span', {}, point, companyId === undefined ? '' : ` · ${companyId}`, fault ? ` · fault: ${fault}` : ''),
        chip(String(status), typeof status === 'number' && status < 400 ? 'good' : 'bad'),
      ),
    'No call yet.',
  );
  sync(
    byId('faults'),
    state.faults.filter(({ left }) => left !== 0),
    ({ id }) => id,
    ({ id, on, kind, left, struck, status, seconds, ms, probability }) => {
      const details = [
        status,
        seconds === undefined ? undefined : `${seconds} s`,
        ms === undefined ? undefined : `${ms} ms`,
        probability === undefined ? undefined : `${Math.round(probability * 100)} %`,
        left === 'always' ? 'always' : `${left} left`,
        struck > 0 ? `struck ${struck}×` : undefined,
      ].filter((part) => part !== undefined);
      return element(
        'li',
        {},
        element(
          'div',
          {},
          element('p', { className: 'who' }, `${on}: ${kind}`),
          element('p', { className: 'what' }, details.join(' · ')),
        ),
        button('clear', 'Clear', `Clear the fault ${kind} at ${on}`, () =>
          act('Fault cleared.', () => control('DELETE', `/faults/${id}`)),
        ),
      );
    },
    'No fault is set.',
  );
}
