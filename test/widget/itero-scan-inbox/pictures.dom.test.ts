import { assert } from 'chai';
import { IteroScanInbox } from '../../../widget/itero-scan-inbox/itero-scan-inbox.ts';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { assertAccessible, control, mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { BROKEN_PICTURE, PICTURE, samplePictures, sampleScan } from '../fixtures/scans.fixture.ts';
import { installScanClinic, type ScanClinic } from '../../support/dom/scan-clinic.ts';

if (!customElements.get('itero-scan-inbox')) customElements.define('itero-scan-inbox', IteroScanInbox);

let clinic: ScanClinic;
const realNow = Date.now;
const inbox = (): IteroScanInbox =>
  mount(`<itero-scan-inbox session-url="${SESSION_URL}"></itero-scan-inbox>`) as IteroScanInbox;
const shows = (element: Element, text: string): Promise<void> =>
  until(`“${text}” is shown`, () => visibleText(element).includes(text));
const dialog = (element: IteroScanInbox): HTMLDialogElement =>
  element.renderRoot.querySelector('dialog.viewer') as HTMLDialogElement;
const press = (element: IteroScanInbox, key: string): void => {
  const target = element.shadowRoot?.activeElement ?? element;
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, composed: true, cancelable: true }));
};
const name = (element: IteroScanInbox): string => dialog(element).querySelector('b')?.textContent?.trim() ?? '';

describe('pictures and files of a case', () => {
  beforeEach(() => {
    clinic = installScanClinic([sampleScan('101', { minute: 1 })]);
  });
  afterEach(() => {
    Date.now = realNow;
    unmount();
    clinic.restore();
  });

  async function opened(): Promise<IteroScanInbox> {
    const element = inbox();
    await shows(element, 'Order 101');
    const strip = control(element, /^Look at 6 pictures/);
    strip.focus();
    strip.click();
    await until('the viewer is open', () => element.renderRoot.querySelector('dialog[open]') !== null);
    return element;
  }

  it('opens large, with the name of the view in words', async () => {
    const element = await opened();
    assert.equal(name(element), 'All views');
    await until('the large picture', () => dialog(element).querySelector('.stage img:not(.small)') !== null);
    await assertAccessible(element);
  });

  it('says whose pictures fill the screen, by initials where the page asks for privacy', async () => {
    const element = await opened();
    const { firstName, lastName } = sampleScan('101', { minute: 1 }).patient;
    const who = (): string => dialog(element).querySelector('#viewer-patient')?.textContent ?? '';
    assert.include(who(), lastName);
    assert.equal(dialog(element).getAttribute('aria-labelledby'), 'viewer-patient');
    element.toggleAttribute('privacy', true);
    await until('initials', () => !who().includes(lastName));
    assert.notInclude(who(), firstName);
  });

  it('goes through the views by arrow keys, and names the patient’s side', async () => {
    const element = await opened();
    press(element, 'ArrowRight');
    press(element, 'ArrowRight');
    await element.updateComplete;
    assert.equal(name(element), 'Left in the picture: patient’s right');
    press(element, 'ArrowRight');
    await element.updateComplete;
    assert.equal(name(element), 'Right in the picture: patient’s left');
    for (let step = 0; step < 4; step += 1) press(element, 'ArrowLeft');
    await element.updateComplete;
    assert.equal(name(element), 'Lower arch, occlusal');
  });

  it('shows actual size, where arrows move the picture, and fits again', async () => {
    const element = await opened();
    press(element, 'Enter');
    await element.updateComplete;
    assert.isNotNull(dialog(element).querySelector('.stage.zoomed'));
    press(element, 'ArrowRight');
    await element.updateComplete;
    assert.equal(name(element), 'All views');
    await assertAccessible(element);
    control(element, 'Actual size').click();
    await element.updateComplete;
    assert.isNull(dialog(element).querySelector('.stage.zoomed'));
  });

  it('gives the focus back when it closes', async () => {
    const element = await opened();
    dialog(element).requestClose();
    await until('closed', () => !dialog(element).open);
    assert.equal(element.shadowRoot?.activeElement, control(element, /^Look at 6 pictures/));
  });

  it('closes when the case leaves', async () => {
    const element = await opened();
    clinic.remove('101');
    await until('closed', () => !dialog(element).open);
  });

  it('renews a link that failed by reading the case again', async () => {
    clinic.scans.set('101', sampleScan('101', { thumbnails: samplePictures(BROKEN_PICTURE) }));
    const element = inbox();
    await shows(element, 'Order 101');
    clinic.scans.set('101', sampleScan('101', { thumbnails: samplePictures(PICTURE) }));
    const picture = (): HTMLImageElement | null => element.renderRoot.querySelector('.strip img');
    await until('the picture is there', () => (picture()?.naturalWidth ?? 0) > 0);
    assert.equal(clinic.reads('101'), 1);
  });

  it('asks no more often than makes sense for a picture that stays away', async () => {
    let reads = 0;
    clinic.scans.set('101', sampleScan('101', { thumbnails: samplePictures(`${BROKEN_PICTURE}#0`) }));
    const answer = clinic.scans.get('101');
    assert.isDefined(answer);
    clinic.answer('GET', '/v1/scans/101', () => {
      reads += 1;
      const scan = sampleScan('101', { thumbnails: samplePictures(`${BROKEN_PICTURE}#${reads}`) });
      return { json: { ...scan, history: [] } };
    });
    const element = inbox();
    await shows(element, 'Order 101');
    await until('it was given up', () => element.renderRoot.querySelectorAll('.strip span.thumb').length === 6);
    for (let turn = 0; turn < 20; turn += 1) await nextTask();
    assert.equal(reads, 1);
  });

  it('shows no broken picture where reading the case again gives the same links; tries anew when the clinic is connected', async () => {
    clinic.scans.set('101', sampleScan('101', { thumbnails: samplePictures(BROKEN_PICTURE) }));
    const element = inbox();
    await shows(element, 'Order 101');
    const given = (): number => element.renderRoot.querySelectorAll('.strip span.thumb').length;
    await until('all were given up', () => given() === 6);
    assert.equal(clinic.reads('101'), 1);
    clinic.push('pairing.created', {});
    await until('it tries again', () => clinic.reads('101') === 2);
    await until('all were given up again', () => given() === 6);
  });

  it('tries anew when the clinic is connected while the case is still being read for a link that failed', async () => {
    const scan = sampleScan('101', { thumbnails: samplePictures(BROKEN_PICTURE) });
    clinic.scans.set('101', scan);
    const reading = clinic.hold('GET', '/v1/scans/101', { json: { ...scan, history: [] } });
    const element = inbox();
    await shows(element, 'Order 101');
    await until('the case is being read', () => clinic.reads('101') === 1);
    clinic.push('pairing.created', {});
    await until('the list was asked for again', () => clinic.searches().length === 2);
    reading.release();
    await until('it tries again', () => clinic.reads('101') === 2);
    await until('all were given up', () => element.renderRoot.querySelectorAll('.strip span.thumb').length === 6);
  });

  it('downloads by the link while it is young', async () => {
    const element = inbox();
    await shows(element, 'Order 101');
    control(element, /Zoë.*/).click();
    await shows(element, 'Download iDE files');
    const told: string[] = [];
    element.addEventListener('itero-download', ({ detail }) => told.push(`${detail.orderId} ${detail.asset}`));
    const link = control(element, /^Download iDE files/) as HTMLAnchorElement;
    const click = new MouseEvent('click', { bubbles: true, cancelable: true, composed: true });
    let prevented = true;
    document.addEventListener(
      'click',
      (event) => {
        prevented = event.defaultPrevented;
        event.preventDefault();
      },
      { once: true },
    );
    link.dispatchEvent(click);
    assert.isFalse(prevented);
    assert.deepEqual(told, ['101 ide']);
    assert.isTrue(link.hasAttribute('download'));
  });

  it('renews the link of a download that is too old, then follows it', async () => {
    const element = inbox();
    await shows(element, 'Order 101');
    control(element, /Zoë.*/).click();
    await shows(element, 'Download iDE files');
    const scan = sampleScan('101', { minute: 1 });
    const ide = { ...scan.assets.ide, link: '/v1/assets/fresh' };
    clinic.scans.set('101', { ...scan, assets: { ...scan.assets, ide } });
    const later = realNow() + 270_000;
    Date.now = () => later;
    const followed: string[] = [];
    const follow = (event: Event): void => {
      if (!event.defaultPrevented) followed.push((event.composedPath()[0] as HTMLAnchorElement).href);
      event.preventDefault();
    };
    document.addEventListener('click', follow);
    control(element, /^Download iDE files/).click();
    await until('the fresh link was followed', () => followed.length > 0);
    document.removeEventListener('click', follow);
    assert.match(followed.join(), /\/v1\/assets\/fresh$/);
  });
});
