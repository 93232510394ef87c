/* Scenarios and single faults. */

import { element } from './dom.js';
import { act, byId, control } from './talk.js';

/** Fills the choices of where and what, and shows the fields that belong to them. */
function fillFaultForm(choices) {
  const on = byId('fault-on');
  const kind = byId('fault-kind');
  on.append(...Object.keys(choices).map((point) => element('option', { value: point }, point)));
  const showKinds = () => {
    kind.replaceChildren(...choices[on.value].map((one) => element('option', { value: one }, one)));
    showFields();
  };
  const showFields = () => {
    for (const label of document.querySelectorAll('[data-kinds]'))
      label.hidden = !label.dataset.kinds.split(' ').includes(kind.value);
  };
  on.addEventListener('change', showKinds);
  kind.addEventListener('change', showFields);
  showKinds();
}

byId('fault-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const fault = {};
  for (const input of event.target.elements) {
    if (!input.name || input.closest('[hidden]') || input.value === '') continue;
    if (input.type === 'checkbox') {
      if (input.checked) fault[input.name] = true;
    } else if (input.name === 'times') fault.times = input.value === 'always' ? 'always' : Number(input.value);
    else fault[input.name] = input.type === 'number' || input.name === 'status' ? Number(input.value) : input.value;
  }
  void act(`Fault set: ${fault.kind} at ${fault.on}.`, () => control('POST', '/faults', fault));
});

/** Loads what can be chosen from. */
export async function prepareFaults() {
  fillFaultForm((await control('GET', '/faults')).choices);
  const { scenarios } = await control('GET', '/scenarios');
  const scenario = byId('scenario');
  scenario.append(...scenarios.map(({ name, title }) => element('option', { value: name }, title)));
  const describe = () =>
    (byId('scenario-text').textContent = scenarios.find(({ name }) => name === scenario.value)?.description ?? '');
  scenario.addEventListener('change', describe);
  describe();
  byId('scenario-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void act(`Playing “${scenario.selectedOptions[0].textContent}”.`, () =>
      control('POST', `/scenarios/${scenario.value}`),
    );
  });
}
