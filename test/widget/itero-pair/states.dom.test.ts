import { assert } from 'chai';
import { assertAccessible, findControl, mount, until, visibleText } from '../../support/dom/page.ts';
import { press, shows, usePairClinic } from '../../support/dom/pair-clinic.ts';
import { aPairing, unpaired } from '../fixtures/pairings.fixture.ts';

describe('<itero-pair> shows', () => {
  const clinic = usePairClinic();

  it('that it loads', async () => {
    clinic.bff.hold('GET', '/v1/pairing', { json: clinic.pairing });
    const element = clinic.pair();
    await shows(element, 'Loading');
    assert.isTrue(element.matches(':state(loading)'));
    await assertAccessible(element);
  });

  it('a clinic that is connected: who is signed in, how scans arrive, and that none is missing', async () => {
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    assert.isTrue(element.matches(':state(paired)'));
    const text = visibleText(element);
    assert.match(text, /Connected/);
    assert.match(text, /Dr\. Ada Lee you signed in/);
    assert.match(text, /43 cases, 41 by notification, 2 recovered, checked .*\d\d:\d\d/);
    assert.match(text, /Notifications Arriving\./);
    await assertAccessible(element);
  });

  it('a clinic that is not connected', async () => {
    clinic.pairing = unpaired();
    const element = clinic.pair();
    await shows(element, 'Connect to iTero');
    assert.isTrue(element.matches(':state(unpaired)'));
    await assertAccessible(element);
  });

  it('that nobody is signed in any more, and how to go on', async () => {
    clinic.pairing = aPairing({ state: 'needs_login', logins: [] });
    const element = clinic.pair();
    await shows(element, 'Nobody is signed in to iTero any more');
    assert.match(visibleText(element), /Needs attention/);
    assert.isDefined(findControl(element, 'Sign in again'));
    await assertAccessible(element);
  });

  it('that somebody disconnected the clinic elsewhere', async () => {
    clinic.pairing = aPairing({ state: 'lost', logins: [] });
    const element = clinic.pair();
    await shows(element, 'was disconnected from iTero somewhere else');
    assert.isDefined(findControl(element, 'Connect again'));
    assert.isTrue(element.matches(':state(unpaired)'));
    await assertAccessible(element);
  });

  it('a suspect callback and a failing check in words', async () => {
    const health = { ...clinic.pairing.health, callback: 'suspect' as const, problem: 'upstream_unavailable' };
    clinic.pairing = aPairing({ health });
    const element = clinic.pair();
    await shows(element, 'Not arriving');
    assert.match(visibleText(element), /iTero cannot be reached at the moment/);
    await assertAccessible(element);
  });

  it('how to have notifications set up again, to a person who is signed in and may change it', async () => {
    clinic.pairing = aPairing({ health: { ...aPairing().health, callback: 'suspect' } });
    const element = clinic.pair();
    await shows(element, 'Not arriving');
    assert.exists(findControl(element, 'Sign in again'));
    assert.exists(findControl(element, 'Sign me out here'));
    clinic.pairing = aPairing();
    clinic.bff.push('pairing.created', {});
    await shows(element, 'Notifications Arriving.');
    assert.isUndefined(findControl(element, 'Sign in again'));
  });

  it('that the service is not set up as it should be, whom to tell, and the way out when its keys were changed', async () => {
    clinic.pairing = aPairing({ health: { ...aPairing().health, problem: 'service_misconfigured' } });
    const element = clinic.pair();
    await shows(element, 'tell your software vendor');
    assert.notInclude(visibleText(element), 'cannot be reached');
    assert.exists(findControl(element, 'Sign in again'));
    await assertAccessible(element);
  });

  it('a simulated environment as such', async () => {
    clinic.pairing = aPairing({ simulated: true });
    const element = clinic.pair();
    await shows(element, 'Simulated environment');
    await assertAccessible(element);
  });

  it('the connection without controls to a person who may not change it', async () => {
    clinic.bff.grant(['pair:read']);
    const element = clinic.pair();
    await shows(element, 'You can see the connection, not change it');
    assert.isUndefined(findControl(element, /Disconnect|Sign/));
    await assertAccessible(element);
  });

  it('what went wrong, its number for support, and tries again', async () => {
    clinic.bff.answer('GET', '/v1/pairing', { problem: 'internal' });
    const element = clinic.pair();
    await shows(element, 'Something went wrong here');
    assert.match(visibleText(element), /Number for support: req-/);
    assert.isTrue(element.matches(':state(error)'));
    await assertAccessible(element);
    clinic.bff.answer('GET', '/v1/pairing', () => ({ json: clinic.pairing }));
    press(element, 'Try again');
    await shows(element, 'Smile North Dental');
  });

  it('that it is offline, and keeps what it showed', async () => {
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    clinic.bff.offline();
    window.dispatchEvent(new Event('online'));
    await until('offline', () => element.matches(':state(offline)'));
    assert.match(visibleText(element), /No connection to the scanner service.*Smile North Dental/);
    await assertAccessible(element);
    clinic.bff.online();
    await until('online', () => !element.matches(':state(offline)'));
  });

  it('that the session ended, and takes a new one when asked', async () => {
    const element = clinic.pair();
    await shows(element, 'Smile North Dental');
    clinic.bff.refuseSessions();
    clinic.bff.endSession();
    clinic.bff.push('pairing.created');
    window.dispatchEvent(new Event('online'));
    await shows(element, 'did not grant access');
    assert.notMatch(visibleText(element), /Smile North/);
    await assertAccessible(element);
    clinic.bff.refuseSessions(false);
    press(element, 'Try again');
    await shows(element, 'Smile North Dental');
  });

  it('that the page forgot to name a session', async () => {
    const element = mount('<itero-pair></itero-pair>');
    await shows(element, 'This element needs a session');
    await assertAccessible(element);
  });
});
