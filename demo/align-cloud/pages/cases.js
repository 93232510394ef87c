/* Cases and what may happen to them next. */

import { button, chip, day, element, nameOf, sync } from './dom.js';
import { act, byId, control } from './talk.js';

const STATUS = {
  Completed: 'good',
  'Lab Review': 'good',
  Scanning: 'warn',
  'iTero Modeling': 'info',
  'iTero Milling': 'info',
};
const FILES = { IDE: 'iDE', IMAGE_GALLERY: 'pictures', SCREEN_CAPTURES: 'captures' };

function choice(key, label, pairs) {
  return element(
    'label',
    {},
    label,
    element('select', { 'data-key': key }, ...pairs.map(([value, text]) => element('option', { value }, text))),
  );
}

function exportForm(order) {
  const format = choice('format', 'Format', [
    ['stl', 'STL'],
    ['ply', 'PLY'],
  ]);
  const layout = choice('layout', 'Layout', [
    ['flat', 'flat'],
    ['folder', 'one folder'],
  ]);
  const form = element(
    'form',
    { className: 'fields' },
    format,
    layout,
    element('button', { type: 'submit', 'data-key': 'export' }, 'Change'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const body = { format: format.lastChild.value, layout: layout.lastChild.value };
    void act(
      ({ seconds }) =>
        seconds === undefined
          ? 'The iDE is gone and will not return.'
          : `The iDE is gone. It returns in ${seconds} s by the clock.`,
      () => control('POST', `/orders/${order.orderId}/export-settings`, body),
    );
  });
  return element('details', {}, element('summary', {}, 'Export settings'), form);
}

function drawOrder(order) {
  const who = nameOf(order.patient);
  const isIdle = order.available && !order.busy;
  const files = Object.entries(FILES).map(([type, text]) =>
    order.assets.includes(type)
      ? chip(text, 'good')
      : order.pending.includes(type)
        ? chip(`${text} soon`, 'warn')
        : type === 'SCREEN_CAPTURES' || !order.available
          ? null
          : chip(`no ${text}`, 'bad'),
  );
  return element(
    'li',
    { className: 'case' },
    element(
      'div',
      {},
      element('p', { className: 'who' }, who),
      element(
        'p',
        { className: 'what' },
        `Chart ${order.patient.chartNumber || '—'} · ${order.procedure} · order ${order.orderId} · ${day(order.modifiedDate)}`,
      ),
      element(
        'p',
        { className: 'chips' },
        chip(order.available ? order.status : 'Sending', STATUS[order.available ? order.status : 'Scanning']),
        order.busy ? chip('making files …', 'warn') : null,
        ...files,
      ),
    ),
    element(
      'div',
      { className: 'acts' },
      ...(isIdle ? order.next : []).map(({ event, label }) =>
        button(event, label, `${label}: ${who}`, () =>
          act(`${label}: ${who}.`, () => control('POST', `/orders/${order.orderId}/move`, { event })),
        ),
      ),
    ),
    isIdle ? exportForm(order) : null,
  );
}

/** The clinic's cases, newest change first. */
export function drawCases(state, clinic) {
  const orders = state.orders.filter((order) => order.companyId === clinic);
  orders.sort((left, right) => right.modifiedDate.localeCompare(left.modifiedDate));
  sync(byId('orders'), orders, ({ orderId }) => orderId, drawOrder, 'No case yet at this clinic.');
}
