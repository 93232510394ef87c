import '../../../widget/define.ts';
import { assert } from 'chai';
import { openLinks } from '../../../widget/core/page-link.ts';
import { takeCensus, type Left } from '../../support/dom/census.ts';
import { SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { control, mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { installRequestBff, PATIENT } from '../../support/dom/scan-request.ts';
import { installScanClinic } from '../../support/dom/scan-clinic.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';
import { sampleScan } from '../fixtures/scans.fixture.ts';

const ROUNDS = 1_000;
/** So often an element is waited for and used before it goes; else it goes at whatever it was about to do. */
const USED_EVERY = 25;

interface Row {
  readonly name: string;
  readonly install: () => FakeBff;
  readonly markup: (round: number) => string;
  /** What stays while the elements in it come and go. */
  readonly around?: string;
  /** Waits until it has loaded, and opens what it can open. */
  readonly use: (root: HTMLElement) => Promise<void>;
}

const shows = (root: HTMLElement, text: string): Promise<void> =>
  until(`it shows ${text}`, () => visibleText(root).includes(text));

const url = `session-url="${SESSION_URL}"`;
const pair = `<itero-pair ${url} lang="en-GB"></itero-pair>`;
const request = `<itero-scan-request ${url} ${PATIENT}></itero-scan-request>`;
const inbox = (round: number): string =>
  `<itero-scan-inbox ${url} ${round % 2 === 0 ? '' : 'chart-number="C-100"'}></itero-scan-inbox>`;

async function usePair(root: HTMLElement): Promise<void> {
  await shows(root, 'Smile North Dental');
  control(root, 'Disconnect clinic…').click();
  await nextTask();
}

async function useRequest(root: HTMLElement): Promise<void> {
  await until('the list has loaded', () => root.matches(':state(paired)') && !root.matches(':state(loading)'));
  root.shadowRoot?.querySelector<HTMLElement>('#open')?.click();
  await until('the form is there', () => !!root.shadowRoot?.querySelector('#send'));
}

async function useInbox(root: HTMLElement): Promise<void> {
  const inside = (selector: string): HTMLElement | null =>
    root.shadowRoot?.querySelector<HTMLElement>(selector) ?? null;
  await until('a case is there', () => inside('li[data-id] button.title') !== null);
  inside('li[data-id] button.title')?.click();
  await until('it is open', () => inside('[id^="detail-"]') !== null);
}

const paired = (bff: FakeBff): FakeBff => {
  bff.answer('GET', '/v1/pairing', { json: aPairing() });
  return bff;
};
const scans = (): FakeBff =>
  installScanClinic(['1', '2', '3'].map((orderId, minute) => sampleScan(orderId, { minute })));

const all = (round: number): string => (pair + request + inbox(round)).replaceAll(url, '');
const clinic = (): FakeBff => paired(scans());
async function useAll(root: HTMLElement): Promise<void> {
  await usePair(root.querySelector<HTMLElement>('itero-pair') ?? root);
  await useInbox(root.querySelector<HTMLElement>('itero-scan-inbox') ?? root);
}

const ROWS: Row[] = [
  { name: 'itero-pair', install: () => paired(installRequestBff()), markup: () => pair, use: usePair },
  { name: 'itero-scan-request', install: installRequestBff, markup: () => request, use: useRequest },
  { name: 'itero-scan-inbox', install: scans, markup: inbox, use: useInbox },
  {
    name: 'itero-provider with all three in it',
    install: clinic,
    markup: (round) => `<itero-provider ${url} lang="en-GB">${all(round)}</itero-provider>`,
    use: useAll,
  },
  {
    name: 'all three in an itero-provider that stays',
    install: clinic,
    around: `<itero-provider ${url} lang="en-GB"></itero-provider>`,
    markup: (round) => `<section>${all(round)}</section>`,
    use: useAll,
  },
];

/** Gives the way to put markup into the page, and the way to take it out again. */
function placeFor(around: string | undefined): { put(markup: string): HTMLElement; takeOut(): void } {
  if (around === undefined) return { put: mount, takeOut: unmount };
  const stays = mount(around);
  return {
    put(markup) {
      stays.innerHTML = markup;
      return stays.firstElementChild as HTMLElement;
    },
    takeOut: () => stays.replaceChildren(),
  };
}

describe('an element that comes and goes', () => {
  let bff: FakeBff | undefined;

  afterEach(async () => {
    unmount();
    await nextTask();
    bff?.restore();
  });

  for (const row of ROWS) {
    it(`leaves nothing behind after ${ROUNDS} times: ${row.name}`, async function () {
      this.timeout(120_000);
      bff = row.install();
      bff.share(({ chartNumber = '' }, user) => `${user} ${chartNumber}`);
      // Parts that are fetched later and stores that are opened once belong to the page.
      const place = placeFor(row.around);
      await row.use(place.put(row.markup(0)));
      place.takeOut();
      await nextTask();

      const census = takeCensus();
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const root = place.put(row.markup(round));
          if (round % USED_EVERY === 0) await row.use(root);
          else if (round % 3 === 0) await nextTask();
          else await (root as HTMLElement & { updateComplete?: Promise<unknown> }).updateComplete;
          place.takeOut();
        }
        let left: Left = { unknown: 1 };
        const end = performance.now() + 20_000;
        while (Object.keys(left).length > 0 && performance.now() < end) {
          await nextTask();
          left = await census.left();
        }
        assert.deepEqual(left, {});
        assert.equal(bff.openStreams, 0);
        assert.equal(openLinks(), 0);
      } finally {
        census.stop();
      }
    });
  }
});
