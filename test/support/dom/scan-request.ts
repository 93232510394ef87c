import type { ScanRequest } from '../../../shared/scan-request.ts';
import { IteroScanRequest } from '../../../widget/itero-scan-request/itero-scan-request.ts';
import { unpaired } from '../../widget/fixtures/pairings.fixture.ts';
import { practice, samePatient, scanRequest } from '../../widget/fixtures/practice.fixture.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from './fake-bff.ts';
import { control, mount, until, visibleText } from './page.ts';

let users = 0;

/** A BFF that knows the practice and the patient, has no request yet, and takes every request. */
export function installRequestBff(): FakeBff {
  if (!customElements.get('itero-scan-request')) customElements.define('itero-scan-request', IteroScanRequest);
  const bff = installFakeBff();
  // What one test chose is not remembered in the next.
  bff.signInAs(`user-${++users}`);
  bff.answer('GET', '/v1/pairing', { json: unpaired({ state: 'paired' }) });
  bff.answer('GET', '/v1/practice', { json: practice });
  bff.answer('POST', '/v1/scan-requests/check', { json: samePatient });
  bff.answer('POST', '/v1/scan-requests', { json: scanRequest(), status: 201 });
  showRequests(bff);
  return bff;
}

/** From now on the list has these requests. */
export function showRequests(bff: FakeBff, ...items: ScanRequest[]): void {
  bff.answer('POST', '/v1/scan-requests/search', { json: { items, nextCursor: null } });
}

export const PATIENT = 'first-name="Zoë" last-name="O’Hara" chart-number="C-7" date-of-birth="1980-02-29"';

/** Mounts the element for a patient, and waits until it has loaded. */
export async function mountRequest(attributes = PATIENT): Promise<IteroScanRequest> {
  const element = mount(`<itero-scan-request session-url="${SESSION_URL}" ${attributes}></itero-scan-request>`);
  if (!(element instanceof IteroScanRequest)) throw new Error('itero-scan-request is not defined');
  await until('the element has loaded', () => element.matches(':state(paired), :state(unpaired), :state(error)'));
  await until('the list has loaded', () => !element.matches(':state(loading)'));
  await element.updateComplete;
  return element;
}

/** What stands at a selector inside the element; fails when it is not there, or is something else. */
export function partOf<T extends Element>(element: Element, selector: string, kind: new () => T): T {
  const found = element.shadowRoot?.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector} in: ${visibleText(element)}`);
  return found;
}

export function part(element: Element, selector: string): HTMLElement {
  return partOf(element, selector, HTMLElement);
}

/** Every event of this class that the element fires from now on. */
export function hear<E extends Event>(element: Element, type: string, kind: abstract new (...args: never[]) => E): E[] {
  const heard: E[] = [];
  element.addEventListener(type, (event) => {
    if (event instanceof kind) heard.push(event);
  });
  return heard;
}

/** Opens the form and waits for the practice and the guard. */
export async function openForm(element: IteroScanRequest): Promise<void> {
  control(element, 'Send to scanner').click();
  await until('the form is open', () => element.shadowRoot?.querySelector('form') !== null);
  await until('the guard has answered', () => !visibleText(element).includes('Looking up'));
  await element.updateComplete;
}

export async function choose(element: IteroScanRequest, id: string, value: string): Promise<void> {
  const select = partOf(element, `#${id}`, HTMLSelectElement);
  select.value = value;
  select.dispatchEvent(new Event('input', { bubbles: true }));
  await element.updateComplete;
}

/** The shortest complete form: a study model by Dr. Berg. */
export async function fillForm(element: IteroScanRequest): Promise<void> {
  await openForm(element);
  await choose(element, 'procedure', 'p1');
  await choose(element, 'doctor', 'd1');
}

export function sentRequests(bff: FakeBff) {
  return bff.calls.filter((call) => call.method === 'POST' && call.path === '/v1/scan-requests');
}
