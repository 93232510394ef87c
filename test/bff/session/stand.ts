/** Sessions of several instances on one database, and the line of one of them to it: it can refuse, or swallow what is said. */
import { createAudit } from '../../../bff/audit/index.ts';
import { createSystemRandom } from '../../../bff/clock.ts';
import type { Clock } from '../../../bff/deps.ts';
import { createSessions, type Sessions } from '../../../bff/session/sessions.ts';
import { createSessionTokens } from '../../../bff/session/token.ts';
import type { Store } from '../../../bff/store/index.ts';
import { MAX_SESSION_SECONDS, type MintedSession } from '../../../shared/session.ts';
import { silent } from '../support/fixtures.ts';

export const VENDOR = { id: 'acme', name: 'Acme', apiKeyHashes: [], allowedOrigins: [] };

/** When a statement is given up that nobody answers (ms): as in bff/store/postgres-pool.ts. */
const GIVEN_UP_MS = 35_000;

export interface Line {
  /** The store as this instance has it. No wake-up reaches it. */
  readonly store: Store;
  is: 'up' | 'refused' | 'silent';
  /** Questions that were asked. */
  asked: number;
}

export function openLine(database: Store, clock: Clock): Line {
  const line: Line = {
    is: 'up',
    asked: 0,
    store: {
      ...database,
      shared: true,
      wake: () => undefined,
      onWake: () => () => undefined,
      db: database.db.withPlugin({
        transformQuery: ({ node }) => {
          line.asked += 1;
          return node;
        },
        async transformResult({ result }) {
          if (line.is === 'silent') await clock.sleep(GIVEN_UP_MS);
          if (line.is !== 'up') throw new Error('the database is away');
          return result;
        },
      }),
    },
  };
  return line;
}

/** One instance's. */
export function openSessions(store: Store, clock: Clock): Sessions {
  const encryptionKeys = [new Uint8Array(32).fill(1)];
  const tokens = createSessionTokens({ issuer: 'https://bff.example', encryptionKeys, now: () => clock.now() });
  const audit = createAudit(clock);
  return createSessions({ store, tokens, audit, clock, random: createSystemRandom(), log: silent });
}

/** As long as any session may be. */
export function mintAt(sessions: Sessions): Promise<MintedSession> {
  const components = { scan_inbox: { enabled: true } };
  const wish = { tenant: 'clinic', user: { id: 'u1' }, components, expiresIn: MAX_SESSION_SECONDS };
  return sessions.mint(VENDOR, wish, { name: 'sandbox', livemode: false });
}
