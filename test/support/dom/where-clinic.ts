import '../../../widget/define.ts';
import type { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import type { WhereAnswer } from '../../../shared/where.ts';
import { aPairing } from '../../widget/fixtures/pairings.fixture.ts';
import { sampleScan } from '../../widget/fixtures/scans.fixture.ts';
import { whereAnswer } from '../../widget/fixtures/where.fixture.ts';
import { SESSION_URL } from './fake-bff.ts';
import { control, mount, unmount, until, visibleText } from './page.ts';
import { installScanClinic, type ScanClinic } from './scan-clinic.ts';

export const ASK = 'Where did my scan go?';

/** A clinic that is asked where a scan went. */
export interface WhereClinic {
  bff: ScanClinic;
  answer: WhereAnswer;
  inbox(attributes?: string): IteroScanInbox;
  /** Presses "Where did my scan go?". */
  ask(element: IteroScanInbox): Promise<HTMLDialogElement>;
  /** Types into the box and presses Search. */
  search(element: IteroScanInbox, text: string): void;
  /** Bodies of the searches so far. */
  asked(): unknown[];
}

export function useWhereClinic(): WhereClinic {
  const clinic = {
    answer: whereAnswer(),
    inbox: (attributes = '') =>
      mount(
        `<itero-scan-inbox session-url="${SESSION_URL}" lang="en-GB" ${attributes}></itero-scan-inbox>`,
      ) as IteroScanInbox,
    async ask(element: IteroScanInbox) {
      await shows(element, ASK);
      const button = control(element, ASK);
      button.focus();
      button.click();
      await until('the dialog is open', () => dialogOf(element)?.open === true);
      return dialogOf(element) as HTMLDialogElement;
    },
    search(element: IteroScanInbox, text: string) {
      const box = boxOf(element);
      box.value = text;
      box.form?.requestSubmit();
    },
    asked: () => clinic.bff.calls.filter(({ path }) => path === '/v1/scans/where').map(({ body }) => body),
  } as WhereClinic;
  beforeEach(() => {
    clinic.bff = installScanClinic([sampleScan('101', { minute: 1, unread: false })]);
    clinic.bff.answer('GET', '/v1/pairing', { json: aPairing() });
    clinic.answer = whereAnswer();
    clinic.bff.answer('POST', '/v1/scans/where', () => ({ json: clinic.answer }));
  });
  afterEach(() => {
    unmount();
    clinic.bff.restore();
  });
  return clinic;
}

export function dialogOf(element: Element): HTMLDialogElement | null {
  return element.shadowRoot?.querySelector<HTMLDialogElement>('dialog.where') ?? null;
}

export function boxOf(element: Element): HTMLInputElement {
  return element.shadowRoot?.querySelector('#where-text') as HTMLInputElement;
}

export function shows(element: Element, text: string | RegExp): Promise<void> {
  return until(`${String(text)} is shown`, () => {
    const seen = visibleText(element);
    return typeof text === 'string' ? seen.includes(text) : text.test(seen);
  });
}
