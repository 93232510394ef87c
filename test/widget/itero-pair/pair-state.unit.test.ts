import { describe, expect, it } from 'vitest';
import {
  isLastLogin,
  needsAttention,
  onlyChoice,
  reduce,
  START,
  transition,
  type PairState,
} from '../../../widget/itero-pair/pair-state.ts';
import type { Account, Login, Pairing } from '../../../shared/pairing.ts';
import { NO_CASES } from '../fixtures/pairings.fixture.ts';

const account = (id: string, configured = true): Account => ({ id, name: id, city: null, country: null, configured });
const NORTH = account('north');
const SOUTH = account('south');
const CLOSED = account('closed', false);
const login = (id: string, you: boolean): Login => ({ id, displayName: id, you, state: 'healthy', since: '' });

function aPairing(over: Partial<Pairing> = {}): Pairing {
  return {
    state: 'paired',
    environment: 'sandbox',
    simulated: false,
    account: NORTH,
    logins: [login('me', true), login('other', false)],
    choosing: false,
    signInProblem: null,
    health: {
      lastNotificationAt: null,
      lastFullCheckAt: null,
      nextCheckAt: null,
      callback: 'confirmed',
      problem: null,
    },
    ledger: NO_CASES,
    ...over,
  };
}

const unpaired = (): Pairing => aPairing({ state: 'unpaired', account: null, logins: [] });

describe('which account needs no choice', () => {
  it.each([
    ['the only configured one', unpaired(), [NORTH, CLOSED], NORTH.id],
    ['none of several', unpaired(), [NORTH, SOUTH], undefined],
    ['none when no account is configured', unpaired(), [CLOSED], undefined],
    ['the connected one when a login is added', aPairing(), [NORTH, SOUTH], NORTH.id],
    ['not another one while connected', aPairing(), [SOUTH], undefined],
    ['the connected one when nobody is signed in', aPairing({ state: 'needs_login' }), [SOUTH, NORTH], NORTH.id],
    ['any of several after it was lost', aPairing({ state: 'lost' }), [NORTH, SOUTH], undefined],
  ])('%s', (_, pairing, accounts, id) => {
    expect(onlyChoice(pairing, accounts)).toBe(id);
  });
});

describe('what a change of the pairing means', () => {
  it.each([
    ['nothing at the first look', undefined, aPairing(), undefined],
    ['nothing when all stays', aPairing(), aPairing({ logins: [] }), undefined],
    ['paired when it was not', unpaired(), aPairing(), 'paired'],
    ['paired when it goes to another account', aPairing(), aPairing({ account: SOUTH }), 'paired'],
    [
      'nothing when the last login goes: the connection stays',
      aPairing(),
      aPairing({ state: 'needs_login' }),
      undefined,
    ],
    ['unpaired', aPairing(), unpaired(), 'unpaired'],
    ['lost when somebody else did it', aPairing(), aPairing({ state: 'lost' }), 'lost'],
    ['nothing when it was lost before', aPairing({ state: 'lost' }), unpaired(), undefined],
  ] as const)('%s', (_, before, now, meaning) => {
    expect(transition(before, now)).toBe(meaning);
  });
});

describe('what a person should look at', () => {
  it('is a callback that is suspect or missing, a failing check, or nobody signed in', () => {
    const health = aPairing().health;
    expect(needsAttention(aPairing())).toBe(false);
    expect(needsAttention(aPairing({ health: { ...health, callback: 'registered' } }))).toBe(false);
    expect(needsAttention(aPairing({ health: { ...health, callback: 'suspect' } }))).toBe(true);
    expect(needsAttention(aPairing({ health: { ...health, callback: 'none' } }))).toBe(true);
    expect(needsAttention(aPairing({ health: { ...health, problem: 'upstream_unavailable' } }))).toBe(true);
    expect(needsAttention(aPairing({ state: 'needs_login' }))).toBe(true);
  });

  it('counts only others who are signed in and working as a reason to sign out freely', () => {
    const [me, other] = aPairing().logins;
    expect(isLastLogin(aPairing())).toBe(false);
    expect(isLastLogin(aPairing({ logins: [me!] }))).toBe(true);
    expect(isLastLogin(aPairing({ logins: [me!, { ...other!, state: 'failing' }] }))).toBe(true);
  });
});

describe('the steps of the element', () => {
  const paired: PairState = { ...START, pairing: aPairing() };
  const fault = { code: 'internal', displayMessage: 'Sorry', retryable: true };
  const choose = (): PairState => {
    const signedIn: PairState = { ...START, pairing: { ...unpaired(), state: 'signed_in', choosing: true } };
    const choosing = reduce(signedIn, { type: 'listed', accounts: [SOUTH, NORTH] });
    return reduce(choosing, { type: 'select', accountId: SOUTH.id });
  };

  it('selects nothing beforehand, but the account that was connected', () => {
    const lost: PairState = { ...START, pairing: aPairing({ state: 'lost' }) };
    const accounts = [SOUTH, NORTH];
    expect(reduce(lost, { type: 'listed', accounts }).task).toEqual({ kind: 'choosing', accounts, selected: NORTH.id });
    expect(reduce(START, { type: 'listed', accounts }).task).toEqual({
      kind: 'choosing',
      accounts,
      selected: undefined,
    });
  });

  it('keeps a dialog open with its fault, so that nothing looks done', () => {
    const asked = reduce(paired, { type: 'ask_unpair' });
    const impact = { logins: [], openRequests: [] };
    const running = reduce(reduce(asked, { type: 'impact', impact }), { type: 'unpair' });
    const failed = reduce(running, { type: 'failed', fault });
    expect(failed.task).toEqual({ kind: 'confirm_unpair', impact, running: false });
    expect(failed.actionFault).toBe(fault);
  });

  it('goes back to rest when pairing failed', () => {
    const failed = reduce(reduce(START, { type: 'pair' }), { type: 'failed', fault });
    expect(failed.task).toEqual({ kind: 'idle' });
    expect(failed.actionFault).toBe(fault);
  });

  it('goes back to the choice when the chosen account is refused: another may be taken', () => {
    const chosen = choose();
    const failed = reduce(reduce(chosen, { type: 'pair' }), { type: 'failed', fault });
    expect(failed.task).toEqual(chosen.task);
    expect(failed.actionFault).toBe(fault);
  });

  it('goes back to rest when the choice was made in another tab before this one was refused', () => {
    const running = reduce(reduce(choose(), { type: 'pair' }), { type: 'loaded', pairing: aPairing() });
    const failed = reduce(running, { type: 'failed', fault });
    expect(failed.task).toEqual({ kind: 'idle' });
    expect(failed.actionFault).toBe(fault);
  });

  it('ignores an impact that comes after the dialog was closed', () => {
    expect(reduce(paired, { type: 'impact', impact: { logins: [], openRequests: [] } })).toBe(paired);
  });

  it('forgets everything about another clinic', () => {
    expect(reduce(reduce(paired, { type: 'ask_sign_out' }), { type: 'drop' })).toBe(START);
  });
});
