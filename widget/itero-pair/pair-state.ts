import type { Account, Impact, Pairing } from '../../shared/pairing.ts';
import type { Fault } from '../core/fault.ts';
import { isOverdue } from '../ledger/arrival-words.ts';

/** What runs, or waits for the person. */
export type Task =
  | { readonly kind: 'idle' }
  /** The pop-up is open, or `blockedUrl` waits to be opened by hand. */
  | { readonly kind: 'signing_in'; readonly blockedUrl?: string }
  | { readonly kind: 'listing' }
  | { readonly kind: 'choosing'; readonly accounts: readonly Account[]; readonly selected: string | undefined }
  /** `choice`: where to go back to when the chosen account is refused. */
  | { readonly kind: 'pairing'; readonly choice: Extract<Task, { kind: 'choosing' }> | undefined }
  | { readonly kind: 'confirm_unpair'; readonly impact: Impact | undefined; readonly running: boolean }
  | { readonly kind: 'confirm_sign_out'; readonly running: boolean };

export interface PairState {
  readonly pairing: Pairing | undefined;
  /** Why the pairing could not be loaded. */
  readonly loadFault: Fault | undefined;
  /** Why the person's last action failed. */
  readonly actionFault: Fault | undefined;
  readonly task: Task;
}

export type PairAction =
  | { readonly type: 'drop' }
  | { readonly type: 'loaded'; readonly pairing: Pairing }
  | { readonly type: 'load_failed'; readonly fault: Fault }
  | { readonly type: 'sign_in' }
  | { readonly type: 'blocked'; readonly url: string }
  | { readonly type: 'sign_in_ended' }
  | { readonly type: 'list' }
  | { readonly type: 'listed'; readonly accounts: readonly Account[] }
  | { readonly type: 'select'; readonly accountId: string }
  | { readonly type: 'pair' }
  | { readonly type: 'ask_unpair' }
  | { readonly type: 'impact'; readonly impact: Impact }
  | { readonly type: 'unpair' }
  | { readonly type: 'ask_sign_out' }
  | { readonly type: 'sign_out' }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly fault: Fault };

const IDLE: Task = { kind: 'idle' };

export const START: PairState = { pairing: undefined, loadFault: undefined, actionFault: undefined, task: IDLE };

export function reduce(state: PairState, action: PairAction): PairState {
  switch (action.type) {
    case 'drop':
      return START;
    case 'loaded':
      return { ...state, pairing: action.pairing, loadFault: undefined };
    case 'load_failed':
      return { ...state, loadFault: action.fault };
    case 'sign_in':
      return { ...state, actionFault: undefined, task: { kind: 'signing_in' } };
    case 'blocked':
      return { ...state, task: { kind: 'signing_in', blockedUrl: action.url } };
    case 'sign_in_ended':
      return state.task.kind === 'signing_in' ? { ...state, task: IDLE } : state;
    case 'list':
      return { ...state, task: { kind: 'listing' } };
    case 'listed':
      return { ...state, task: { kind: 'choosing', accounts: action.accounts, selected: preselect(state, action) } };
    case 'select':
      if (state.task.kind !== 'choosing') return state;
      return { ...state, actionFault: undefined, task: { ...state.task, selected: action.accountId } };
    case 'pair':
      return {
        ...state,
        actionFault: undefined,
        task: { kind: 'pairing', choice: state.task.kind === 'choosing' ? state.task : undefined },
      };
    case 'ask_unpair':
      return { ...state, actionFault: undefined, task: { kind: 'confirm_unpair', impact: undefined, running: false } };
    case 'impact':
      if (state.task.kind !== 'confirm_unpair') return state;
      return { ...state, task: { ...state.task, impact: action.impact } };
    case 'unpair':
      if (state.task.kind !== 'confirm_unpair') return state;
      return { ...state, actionFault: undefined, task: { ...state.task, running: true } };
    case 'ask_sign_out':
      return { ...state, actionFault: undefined, task: { kind: 'confirm_sign_out', running: false } };
    case 'sign_out':
      return { ...state, actionFault: undefined, task: { kind: 'confirm_sign_out', running: true } };
    case 'done':
      return { ...state, actionFault: undefined, task: IDLE };
    case 'failed':
      return { ...state, actionFault: action.fault, task: afterFault(state) };
    default:
      return action satisfies never;
  }
}

/** A dialog stays open and tells the fault; everything else goes back to where it can be tried again. */
function afterFault({ task, pairing }: PairState): Task {
  // Unless the clinic was connected in another tab meanwhile.
  if (task.kind === 'pairing') return (pairing && isChoosing(pairing) && task.choice) || IDLE;
  return task.kind === 'confirm_unpair' || task.kind === 'confirm_sign_out' ? { ...task, running: false } : IDLE;
}

/** The account that was connected before, where this user has it. */
function preselect(state: PairState, { accounts }: { accounts: readonly Account[] }): string | undefined {
  const before = state.pairing?.account?.id;
  return accounts.find((account) => account.configured && account.id === before)?.id;
}

/**
 * The account that needs no choice: the connected one, since another would be refused; else the only configured one.
 * Source: product.md "Elements": the choice is skipped when there is one.
 */
export function onlyChoice(pairing: Pairing, accounts: readonly Account[]): string | undefined {
  const configured = accounts.filter((account) => account.configured);
  if (pairing.account && isConnected(pairing)) {
    return configured.find((account) => account.id === pairing.account?.id)?.id;
  }
  return configured.length === 1 ? configured[0]?.id : undefined;
}

/** A sign-in waits for its account choice. */
export function isChoosing(pairing: Pairing): boolean {
  return pairing.choosing || pairing.state === 'signed_in';
}

/** The clinic has a connection, with or without somebody signed in. */
export function isConnected(pairing: Pairing): boolean {
  return pairing.state === 'paired' || pairing.state === 'needs_login';
}

/** What a change of the pairing means to the page; nothing at the first look. */
export function transition(before: Pairing | undefined, now: Pairing): 'paired' | 'unpaired' | 'lost' | undefined {
  if (!before) return undefined;
  if (isConnected(now)) return isConnected(before) && before.account?.id === now.account?.id ? undefined : 'paired';
  if (!isConnected(before)) return undefined;
  return now.state === 'lost' ? 'lost' : 'unpaired';
}

/** Nobody else is signed in and working: after signing out new scans would stop arriving. */
export function isLastLogin(pairing: Pairing): boolean {
  return !pairing.logins.some((login) => !login.you && login.state === 'healthy');
}

/** Something about a connected clinic that a person should look at. */
export function needsAttention(pairing: Pairing): boolean {
  const { callback, problem } = pairing.health;
  if (problem !== null || callback === 'none' || callback === 'suspect') return true;
  return pairing.state === 'needs_login' || isOverdue(pairing);
}
