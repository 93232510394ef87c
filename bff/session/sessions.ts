import { Buffer } from 'node:buffer';
import { toScopes, type MintedSession, type MintSession } from '../../shared/session.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock, Log, Random } from '../deps.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Store } from '../store/index.ts';
import { noteKnownChart } from '../store/known-charts.ts';
import type { Vendor } from '../vendors.ts';
import { createRevocations } from './revocations.ts';
import { SessionCache } from './session-cache.ts';
import { fromSessionRow, insertSession, selectSession } from './session-table.ts';
import type { SessionLookup, StoredSession } from './session.ts';
import type { SessionTokens } from './token.ts';

export interface Sessions extends SessionLookup {
  mint(vendor: Vendor, wish: MintSession, environment: { name: string; livemode: boolean }): Promise<MintedSession>;
  /** @throws ProblemError `not_found` for an unknown id and for another vendor's alike */
  revoke(vendor: string, sessionId: string): Promise<void>;
  /** @throws ProblemError `unauthorized` (not made here), `session_expired` (over or revoked) */
  authenticate(token: string): Promise<StoredSession>;
  /** Forgets what ended long ago. */
  prune(): Promise<void>;
  /** Hears of what other instances revoked. */
  readonly watch: { start(): void; stop(): void };
}

/** Ended sessions are kept for so long, for the audit's sake (ms). */
const KEEP_ENDED_MS = 7 * 86_400_000;

export function createSessions(parts: {
  store: Store;
  tokens: SessionTokens;
  audit: Audit;
  clock: Clock;
  random: Random;
  log: Log;
}): Sessions {
  const { store, tokens, audit, clock, random } = parts;
  const cache = new SessionCache();
  const listeners = new Set<(sessionId: string | null) => void>();
  const newId = (prefix: string): string => `${prefix}_${Buffer.from(random.bytes(18)).toString('base64url')}`;

  async function load(sessionId: string): Promise<StoredSession | null> {
    return unlessOver(cache.get(sessionId) ?? (await read(sessionId)));
  }

  function unlessOver(session: StoredSession | null): StoredSession | null {
    return session !== null && session.principal.expiresAt > clock.now() ? session : null;
  }

  async function read(sessionId: string): Promise<StoredSession | null> {
    const generation = cache.generation;
    const row = await selectSession(store.db, sessionId);
    if (row === undefined || row.revoked_at !== null) return null;
    const session = fromSessionRow(row);
    // A revocation while this read ran must not be undone by what it read.
    if (generation === cache.generation) cache.set(sessionId, session);
    return session;
  }

  function end(sessionId: string): void {
    cache.delete(sessionId);
    tell(sessionId);
  }

  function tell(sessionId: string | null): void {
    for (const listener of listeners) {
      try {
        listener(sessionId);
      } catch (error) {
        parts.log.error({ error, sessionId }, 'closing what a revoked session had open failed');
      }
    }
  }

  const revocations = createRevocations({
    store,
    clock,
    log: parts.log,
    onRevoked: end,
    onBlind() {
      cache.clear();
      tell(null);
    },
  });

  return {
    watch: revocations,

    async mint(vendor, wish, environment) {
      const origins = wish.allowedOrigins ?? null;
      refuseForeignOrigins(vendor, origins);
      const now = clock.now();
      // The token's `exp` counts whole seconds; the row and the answer say the same.
      const issuedAt = Math.floor(now / 1000);
      const expiresAt = (issuedAt + wish.expiresIn) * 1000;
      const session: StoredSession = {
        principal: {
          vendor: vendor.id,
          tenant: wish.tenant,
          environment: environment.name,
          userId: wish.user.id,
          userName: wish.user.displayName ?? wish.user.id,
          clinicName: wish.tenantName ?? null,
          sessionId: newId('es'),
          scopes: toScopes(wish.components),
          patient: wish.patient ?? null,
          expiresAt,
        },
        origins,
      };
      const { principal } = session;
      await store.write(
        async (tx) => {
          await insertSession(tx, session, now);
          if (wish.patient !== undefined) await noteKnownChart(tx, principal, wish.patient.chartNumber, now);
          await audit.record(tx, principal, 'session.minted', principal.sessionId, 'ok');
        },
        wish.patient === undefined ? undefined : principal,
      );
      const token = await tokens.sign({
        vendor: principal.vendor,
        tenant: principal.tenant,
        sub: principal.userId,
        sid: principal.sessionId,
        jti: newId('jti'),
        iat: issuedAt,
        exp: expiresAt / 1000,
        livemode: environment.livemode,
        scope: principal.scopes.join(' '),
        group: tokens.groupOf(session),
      });
      return {
        id: principal.sessionId,
        session_token: token,
        expires_at: new Date(expiresAt).toISOString(),
        livemode: environment.livemode,
      };
    },

    async revoke(vendor, sessionId) {
      await store.write(async (tx) => {
        const row = await selectSession(tx, sessionId);
        if (row === undefined || row.vendor !== vendor) throw new ProblemError('not_found');
        const { numUpdatedRows } = await tx
          .updateTable('sessions')
          .set({ revoked_at: clock.now() })
          .where('id', '=', sessionId)
          .where('revoked_at', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) return;
        await audit.record(tx, fromSessionRow(row).principal, 'session.revoked', sessionId, 'ok');
      });
      end(sessionId);
      revocations.tell(sessionId);
    },

    async authenticate(token) {
      const claims = await tokens.verify(token);
      const session = await load(claims.sid);
      if (session === null) throw new ProblemError('session_expired');
      const { principal } = session;
      const same =
        claims.vendor === principal.vendor && claims.tenant === principal.tenant && claims.sub === principal.userId;
      if (!same) throw new ProblemError('unauthorized');
      return session;
    },

    async find(sessionId) {
      return (await load(sessionId))?.principal ?? null;
    },

    held(sessionId) {
      return unlessOver(cache.get(sessionId) ?? null)?.principal ?? null;
    },

    onRevoked(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async prune() {
      await store.write(async (tx) => {
        await tx
          .deleteFrom('sessions')
          .where('expires_at', '<', clock.now() - KEEP_ENDED_MS)
          .execute();
      });
    },
  };
}

/** A session narrows its vendor's origins, it never widens them. */
function refuseForeignOrigins(vendor: Vendor, origins: readonly string[] | null): void {
  const errors = (origins ?? []).flatMap((origin, index) =>
    vendor.allowedOrigins.includes(origin)
      ? []
      : [
          {
            path: `allowedOrigins.${index}`,
            expected: 'expected one of the origins that the vendor is configured with',
          },
        ],
  );
  if (errors.length > 0) throw new ProblemError('invalid_request', { errors });
}
