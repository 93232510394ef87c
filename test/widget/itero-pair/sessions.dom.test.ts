import { assert } from 'chai';
import { SESSION_URL } from '../../support/dom/fake-bff.ts';
import { mount, nextTask, until, visibleText } from '../../support/dom/page.ts';
import { shows, usePairClinic } from '../../support/dom/pair-clinic.ts';
import { NORTH, SOUTH, unpaired } from '../fixtures/pairings.fixture.ts';

type SessionSource = (request: unknown) => Promise<string>;

describe('<itero-pair> and its session', () => {
  const clinic = usePairClinic();

  it('shows no accounts that were asked for by the user before', async () => {
    clinic.pairing = unpaired();
    const element = clinic.pair();
    await shows(element, 'Connect to iTero');
    clinic.signedIn();
    const held = clinic.bff.hold('GET', '/v1/pairing/accounts', { json: { accounts: [NORTH, SOUTH] } });
    clinic.bff.push('pairing.created', {});
    await shows(element, 'Asking iTero for your accounts');
    // The link stays, its session goes to somebody of another clinic.
    clinic.pairing = unpaired();
    clinic.bff.signInAs('somebody-else');
    clinic.bff.endSession();
    await until('there is another session', () => clinic.bff.sessionRequests.length === 2);
    await shows(element, 'Connect to iTero');
    held.release();
    await nextTask();
    assert.notInclude(visibleText(element), 'Smile North Dental');
    assert.include(visibleText(element), 'Connect to iTero');
  });

  it('loads when it is put back after a session that nobody answered for', async () => {
    const element = mount('<itero-pair lang="en-GB"></itero-pair>') as HTMLElement & { fetchSession: SessionSource };
    let asked = 0;
    element.fetchSession = async (request) => {
      asked += 1;
      // The practice system asks the person to sign in, who walks away.
      if (asked === 2) return new Promise<string>(() => undefined);
      const answer = await fetch(SESSION_URL, { method: 'POST', body: JSON.stringify(request) });
      return ((await answer.json()) as { session_token: string }).session_token;
    };
    await shows(element, 'Smile North Dental');
    const looks = (): number => clinic.bff.calls.filter(({ path }) => path === '/v1/pairing').length;
    const before = looks();
    clinic.bff.push('pairing.created', {});
    clinic.bff.endSession();
    await until('the look is refused', () => looks() > before && asked === 2);
    const page = element.parentElement;
    element.remove();
    await nextTask();
    page?.append(element);
    await until('it forgets what it showed', () => !visibleText(element).includes('Smile North Dental'));
    await shows(element, 'Smile North Dental');
    assert.equal(asked, 3);
  });
});
