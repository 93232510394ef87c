import type { AlignPort } from '../align/index.ts';
import type { Activity, Clock, FlowMeter, Log } from '../deps.ts';
import type { Connections } from '../pairing/connections.ts';
import type { QuietAccounts } from '../pairing/quiet-accounts.ts';
import type { Merge } from '../scans/index.ts';
import type { Store } from '../store/index.ts';
import type { Vault } from '../vault/vault.ts';
import type { BackgroundHealth } from './background-health.ts';
import type { UpstreamBreaker } from './upstream-breaker.ts';

/** What the three ways in share. */
export interface IntakeParts {
  readonly store: Store;
  readonly connections: Pick<Connections, 'byId' | 'active'>;
  readonly vault: Vault;
  readonly align: Pick<AlignPort, 'environment' | 'orders' | 'orderByRxId'>;
  readonly merge: Merge;
  readonly health: BackgroundHealth;
  readonly breaker: UpstreamBreaker;
  readonly quiet: QuietAccounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter?: FlowMeter | undefined;
  readonly activity?: Activity | undefined;
}
