import { assert } from 'chai';
import type { FakeBff } from '../../support/dom/fake-bff.ts';
import { assertAccessible, findControl, unmount, until, visibleText } from '../../support/dom/page.ts';
import {
  fillForm,
  installRequestBff,
  mountRequest,
  part,
  sentRequests,
  showRequests,
} from '../../support/dom/scan-request.ts';
import { scanRequest } from '../fixtures/practice.fixture.ts';

let bff: FakeBff;

/** A file of its own: what this page cannot fetch it can never fetch. */
function takeListCodeAway(): void {
  const from = new URL('../../../widget/itero-scan-request/list-template.ts', import.meta.url).pathname;
  const map = document.createElement('script');
  map.type = 'importmap';
  map.textContent = JSON.stringify({ imports: { [from]: '/taken-away-by-a-new-release.js' } });
  document.head.append(map);
}

describe('itero-scan-request without the code of its list', () => {
  before(takeListCodeAway);

  beforeEach(() => {
    bff = installRequestBff();
  });

  afterEach(() => {
    unmount();
    bff.restore();
  });

  it('says so where the list would be, offers to try again, and sends all the same', async () => {
    showRequests(bff, scanRequest());
    const element = await mountRequest();
    await until('it says so', () => visibleText(element).includes('A part of this view could not be loaded.'));
    assert.isTrue(element.matches(':state(error)'));
    assert.isDefined(findControl(element, 'Try again'));
    await assertAccessible(element);
    await fillForm(element);
    part(element, '#send').click();
    await until('it was sent', () => visibleText(element).includes('Sent.'));
    assert.lengthOf(sentRequests(bff), 1);
  });

  it('says nothing of it where there is no request to show', async () => {
    const element = await mountRequest();
    assert.include(visibleText(element), 'No scan request for this chart yet.');
    assert.isFalse(element.matches(':state(error)'));
  });
});
