import type { AlignPort } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock, Log, Random } from '../deps.ts';
import type { EventLog } from '../events/index.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { createLedgerSummary } from '../ledger/summary.ts';
import type { Store } from '../store/index.ts';
import type { Seal } from '../vault/seal.ts';
import { createTokenSets } from '../vault/token-sets.ts';
import { createVault, type OpenVault } from '../vault/vault.ts';
import type { Vendors } from '../vendors.ts';
import { createPartnerCallbacks, type PartnerTokens } from './callback-partner.ts';
import { createCallbackRepair } from './callback-repair.ts';
import { createCallbackTokens } from './callback-tokens.ts';
import { createChooseAccount } from './choose-account.ts';
import { createConnectionEnds } from './connection-ends.ts';
import { createConnections, type Connections } from './connections.ts';
import { createEndPairing } from './end-pairing.ts';
import { createPairingEndpoints } from './endpoints.ts';
import { createPairAccount } from './pair-account.ts';
import { createPairingView } from './pairing-view.ts';
import { createSignInEndpoints } from './sign-in-endpoints.ts';
import { createSignIns } from './sign-ins.ts';

export interface PairingParts {
  readonly store: Store;
  readonly events: EventLog;
  readonly audit: Audit;
  readonly align: AlignPort;
  readonly seal: Seal;
  readonly vendors: Vendors;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Origin of this service as the browser and Align reach it. */
  readonly publicUrl: string;
  readonly partnerTokens: () => PartnerTokens;
}

/** Sign-in, account choice, pair, un-pair and health, with the vault that their tokens lie in. */
export function createPairing(parts: PairingParts): {
  connections: Connections;
  vault: OpenVault;
  endpoints: Endpoint[];
} {
  const log = parts.log.child({ part: 'pairing' });
  const sets = createTokenSets(parts);
  const ends = createConnectionEnds({ ...parts, sets, log });
  const vault = createVault({ ...parts, sets, events: ends });
  const callbackTokens = createCallbackTokens(parts);
  const partnerCallbacks = createPartnerCallbacks(parts.partnerTokens);
  const pairAccount = createPairAccount({ ...parts, callbackTokens, partnerCallbacks });
  const repairCallback = createCallbackRepair({ ...parts, vault, sets, pairAccount, log });
  const connections = createConnections({ ...parts, callbackTokens, partnerCallbacks, repairCallback });
  const signIns = createSignIns({ ...parts, log });
  const chooseAccount = createChooseAccount({ ...parts, signIns, sets, pairAccount });
  const endPairing = createEndPairing({ ...parts, vault, sets, signIns, connections, ends, callbackTokens, log });
  const ledger = createLedgerSummary(parts);
  const view = createPairingView({ ...parts, connections, signIns, ledger });
  return {
    connections,
    vault,
    endpoints: [
      ...createPairingEndpoints({ ...parts, signIns, chooseAccount, endPairing, view }),
      ...createSignInEndpoints({ ...parts, signIns }),
    ],
  };
}
