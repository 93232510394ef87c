/* The simulator's switches. */

import { element } from './dom.js';
import { act, byId, control } from './talk.js';

const SWITCHES = {
  strict: 'Strict: 429 to Get Orders within 120 s',
  listOnlyReady: 'List only Completed and Lab Review',
  rotateRefreshTokens: 'Refresh tokens rotate',
  revokeOnReuse: 'An old refresh token ends the login',
  unpairEndsRefresh: 'Un-pair ends refresh tokens',
  severOpener: 'Sign-in page cuts the tie to its opener',
  maxPageSize: 'Largest page of orders',
  accessTokenSeconds: 'Access token, seconds',
  linkSeconds: 'Pre-signed link, seconds',
  notificationStyle: 'Notification as',
  clientAuthentication: 'Client authentication',
};
const OPTIONS = {
  notificationStyle: ['json', 'form', 'get'],
  clientAuthentication: ['either', 'client_secret_post', 'client_secret_basic'],
};

function switchFor(name, label, value) {
  const isFlag = typeof value === 'boolean';
  const input = OPTIONS[name]
    ? element('select', {}, ...OPTIONS[name].map((text) => element('option', { value: text }, text)))
    : element('input', { type: isFlag ? 'checkbox' : 'number', min: '1' });
  input.name = name;
  input.addEventListener('change', () => {
    const next = isFlag ? input.checked : input.type === 'number' ? Number(input.value) : input.value;
    void act('Switched.', () => control('PATCH', '/flags', { [name]: next }));
  });
  return isFlag ? element('label', { className: 'check' }, input, label) : element('label', {}, label, input);
}

export function drawSwitches(state) {
  const form = byId('switches');
  if (form.children.length === 0) {
    for (const [name, label] of Object.entries(SWITCHES)) form.append(switchFor(name, label, state.flags[name]));
    const region = switchFor('region', 'Region of Discovery', '');
    const select = element(
      'select',
      { name: 'region' },
      ...state.region.known.map((value) => element('option', { value }, value)),
    );
    select.addEventListener('change', () =>
      act('Discovery answers for another region.', () => control('POST', '/region', { region: select.value })),
    );
    region.lastChild.replaceWith(select);
    form.append(region);
  }
  for (const [name, value] of Object.entries({ ...state.flags, region: state.region.current })) {
    const input = form.elements[name];
    if (!input || input === document.activeElement) continue;
    if (typeof value === 'boolean') input.checked = value;
    else input.value = String(value);
  }
}
