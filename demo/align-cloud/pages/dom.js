/* Small parts to draw with. */

export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'onClick') node.addEventListener('click', value);
    else if (name in node && name !== 'list') node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** A button that keeps its focus when its row is drawn anew. */
export function button(key, label, says, onClick, primary = false) {
  return element(
    'button',
    { type: 'button', className: primary ? 'primary' : '', 'data-key': key, 'aria-label': says, onClick },
    label,
  );
}

/** Draws a list by key: a row whose data stayed the same is left alone, with its focus and its open parts. */
export function sync(list, items, keyOf, draw, empty) {
  const old = new Map([...list.children].map((node) => [node.dataset.row, node]));
  const isFirst = !list.dataset.drawn;
  list.dataset.drawn = 'yes';
  const nodes = items.map((item) => {
    const key = String(keyOf(item));
    const text = JSON.stringify(item);
    const known = old.get(key);
    if (known?.dataset.text === text) return known;
    const node = draw(item);
    node.dataset.row = key;
    node.dataset.text = text;
    if (!isFirst) node.classList.add('fresh');
    const focused = known?.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    if (known?.querySelector('details')?.open) node.querySelector('details')?.setAttribute('open', '');
    if (focused) {
      queueMicrotask(() => (node.querySelector(`[data-key="${focused}"]`) ?? node.querySelector('button'))?.focus());
    }
    return node;
  });
  if (nodes.length === 0 && empty) nodes.push(old.get('empty') ?? emptyRow(empty));
  if (nodes.length !== list.children.length || nodes.some((node, index) => list.children[index] !== node)) {
    list.replaceChildren(...nodes);
  }
}

function emptyRow(sentence) {
  const node = element('li', { className: 'empty' }, sentence);
  node.dataset.row = 'empty';
  return node;
}

export const chip = (text, kind = '') => element('span', { className: `chip ${kind}` }, text);
export const time = (iso) => new Date(iso).toLocaleTimeString([], { hour12: false });
export const day = (iso) => new Date(iso).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
export const nameOf = ({ firstName, lastName }) => `${firstName} ${lastName}`;
