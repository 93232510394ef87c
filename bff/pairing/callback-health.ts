import type { LearntBy } from '../../shared/scan.ts';
import type { ConnectionRow } from '../store/schema.ts';

/** rules.md "Un-pair": two versions in a row learnt only by poll. */
const POLLED_UNTIL_SUSPECT = 2;

export interface CallbackHealth {
  readonly state: ConnectionRow['callback_state'];
  /** Versions in a row that no notification told. */
  readonly polledInARow: number;
}

export type CallbackEvent =
  | { readonly kind: 'registered' } // Pair answered: upstream knows our URL
  | { readonly kind: 'notified' } // a notification came to it
  | { readonly kind: 'learnt'; readonly by: LearntBy };

/** Un-pair and pair elsewhere drop the callback silently: only its silence tells. Pure. */
export function nextCallbackHealth(health: CallbackHealth, event: CallbackEvent): CallbackHealth {
  switch (event.kind) {
    case 'registered':
      return { state: 'registered', polledInARow: 0 };
    case 'notified':
      return { state: 'confirmed', polledInARow: 0 };
    case 'learnt':
      return learnt(health, event.by);
    default:
      return event satisfies never;
  }
}

function learnt(health: CallbackHealth, by: LearntBy): CallbackHealth {
  switch (by) {
    case 'notification':
      // Whoever told the notification confirmed it already; a poll in between breaks no row.
      return { ...health, polledInARow: 0 };
    case 'poll': {
      const polledInARow = health.polledInARow + 1;
      const silent = polledInARow >= POLLED_UNTIL_SUSPECT && health.state !== 'none';
      return { state: silent ? 'suspect' : health.state, polledInARow };
    }
    // No notification was due: history, and our own looking for a file.
    case 'backfill':
    case 'recheck':
      return health;
    default:
      return by satisfies never;
  }
}
