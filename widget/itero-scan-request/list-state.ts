import type { ScanRequest } from '../../shared/scan-request.ts';
import type { Fault } from '../core/fault.ts';

/** Cancelling one request: asked for, on its way, or refused with what to do. */
export interface Cancelling {
  readonly id: string;
  readonly step: 'asking' | 'running' | 'refused';
  readonly fault: Fault | null;
}

export type ListState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | {
      readonly kind: 'ready';
      readonly items: readonly ScanRequest[];
      readonly cancelling: Cancelling | null;
      /** Why the newest refresh failed; the list shown is the former one. */
      readonly stale: Fault | null;
    };

export type ListAction =
  | { readonly type: 'drop' }
  | { readonly type: 'loaded'; readonly items: readonly ScanRequest[] }
  | { readonly type: 'load_failed'; readonly fault: Fault }
  | { readonly type: 'ask_cancel'; readonly id: string }
  | { readonly type: 'keep' }
  | { readonly type: 'cancel' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'cancel_failed'; readonly fault: Fault };

export const LOADING: ListState = { kind: 'loading' };

export function reduceList(state: ListState, action: ListAction): ListState {
  if (action.type === 'drop') return LOADING;
  if (action.type === 'loaded')
    return { kind: 'ready', items: action.items, cancelling: keptCancel(state), stale: null };
  if (action.type === 'load_failed') {
    return state.kind === 'ready' ? { ...state, stale: action.fault } : { kind: 'failed', fault: action.fault };
  }
  if (state.kind !== 'ready') return state;
  const { cancelling } = state;
  switch (action.type) {
    case 'ask_cancel':
      if (cancelling?.step === 'running') return state;
      return { ...state, cancelling: { id: action.id, step: 'asking', fault: null } };
    case 'keep':
      return cancelling?.step === 'running' ? state : { ...state, cancelling: null };
    case 'cancel':
      return cancelling?.step === 'asking' ? { ...state, cancelling: { ...cancelling, step: 'running' } } : state;
    case 'cancelled':
      return { ...state, cancelling: null };
    case 'cancel_failed':
      if (cancelling?.step !== 'running') return state;
      return { ...state, cancelling: { ...cancelling, step: 'refused', fault: action.fault } };
    default:
      return action satisfies never;
  }
}

function keptCancel(state: ListState): Cancelling | null {
  return state.kind === 'ready' ? state.cancelling : null;
}
