/** What both pages share: the cases, and how a painted frame is told. Plain JavaScript: it is bundled, not part of a check. */
import { sampleScan } from '../../widget/fixtures/scans.fixture.ts';

export const COUNT = 10_000;
export const VIEW_PX = 600;

const NAMES = ['Quillfeather', 'Okonkwo', 'Lindqvist', 'Moreau', 'Tanaka', 'Ó Briain', 'Ferreira', 'Novák'];

/** Newest first. */
export function cases(count = COUNT) {
  return Array.from({ length: count }, (_, index) => caseAt(count - index));
}

export function caseAt(minute) {
  const patient = { firstName: 'Zoë', lastName: NAMES[minute % NAMES.length], chartNumber: `C-${minute}` };
  return sampleScan(String(100_000 + minute), { minute, patient, unread: minute % 7 === 0 });
}

function nextFrame() {
  return new Promise((resolve) => {
    requestAnimationFrame(resolve);
  });
}

/** When (ms) the first frame was painted in which `isThere` holds. */
export async function painted(isThere) {
  do await nextFrame();
  while (!isThere());
  // A message that is posted in a frame callback arrives after that frame's paint.
  await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', resolve, { once: true });
    port1.start();
    port2.postMessage(null);
  });
  return performance.now();
}

/** Whether rows cover the whole view. */
export function covers(rows, view) {
  const box = view?.getBoundingClientRect();
  if (!box || rows.length === 0 || box.height < VIEW_PX - 1) return false;
  return Math.max(...[...rows].map((row) => row.getBoundingClientRect().bottom)) >= box.top + VIEW_PX;
}

/** Everything below, through shadow roots: elements, and all nodes with texts and comments. */
export function countNodes(root, count = { elements: 0, all: 0 }) {
  for (const child of root.childNodes) {
    count.all += 1;
    if (child instanceof Element) count.elements += 1;
    countNodes(child, count);
  }
  if (root.shadowRoot) countNodes(root.shadowRoot, count);
  return count;
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

export { nextFrame };
