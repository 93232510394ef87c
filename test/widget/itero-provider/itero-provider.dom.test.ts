import { assert } from 'chai';
import { IteroPair } from '../../../widget/itero-pair/itero-pair.ts';
import { IteroProvider } from '../../../widget/itero-provider/itero-provider.ts';
import { installFakeBff, SESSION_URL, type FakeBff } from '../../support/dom/fake-bff.ts';
import { mount, nextTask, unmount, until, visibleText } from '../../support/dom/page.ts';
import { aPairing } from '../fixtures/pairings.fixture.ts';

describe('<itero-provider>', () => {
  let bff: FakeBff;

  beforeEach(() => {
    bff = installFakeBff();
    bff.answer('GET', '/v1/pairing', { json: aPairing() });
  });

  afterEach(async () => {
    unmount();
    await nextTask();
    bff.restore();
  });

  const shown = (element: Element | null): Promise<void> =>
    until('it is shown', () => element !== null && visibleText(element).includes('Smile North'));

  it('gives its attributes to elements that are upgraded before it', async () => {
    customElements.define('itero-pair', IteroPair);
    const provider = mount(`<itero-provider session-url="${SESSION_URL}"><itero-pair></itero-pair></itero-provider>`);
    assert.notInstanceOf(provider, IteroProvider);
    await shown(provider.firstElementChild);
    customElements.define('itero-provider', IteroProvider);
    await nextTask();
    await nextTask();
    assert.lengthOf(bff.sessionRequests, 1, 'its own upgrade changes nothing');
  });

  it('tells elements inside of a change', async () => {
    const provider = mount(`<itero-provider session-url="/nowhere"><itero-pair></itero-pair></itero-provider>`);
    await nextTask();
    (provider as IteroProvider).sessionUrl = SESSION_URL;
    await shown(provider.firstElementChild);
  });

  it('reaches into shadow roots', async () => {
    const provider = mount(`<itero-provider session-url="${SESSION_URL}"><div></div></itero-provider>`);
    const root = provider.firstElementChild!.attachShadow({ mode: 'open' });
    root.innerHTML = '<itero-pair></itero-pair>';
    await shown(root.firstElementChild);
  });

  it('lets an element’s own attribute go first', async () => {
    const provider = mount(
      `<itero-provider session-url="/nowhere"><itero-pair session-url="${SESSION_URL}"></itero-pair></itero-provider>`,
    );
    await shown(provider.firstElementChild);
  });

  it('sets the colour scheme of everything inside', async () => {
    const provider = mount(
      `<itero-provider theme="dark" session-url="${SESSION_URL}"><itero-pair></itero-pair></itero-provider>`,
    );
    await shown(provider.firstElementChild);
    assert.equal(getComputedStyle(provider.firstElementChild!).colorScheme, 'dark');
    assert.equal(getComputedStyle(provider).display, 'contents');
  });
});
