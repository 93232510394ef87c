import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { ProblemCode } from '../../shared/problem.ts';
import { routes } from '../../shared/routes.ts';
import { AlignFault, type AlignPort, type AlignTokens } from '../align/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Clock, Log, Random } from '../deps.ts';
import type { Store, Tx } from '../store/index.ts';
import type { SignInRow } from '../store/schema.ts';
import type { Principal, TenantKey } from '../tenancy.ts';
import type { Seal } from '../vault/seal.ts';
import { hashSecret } from './callback-tokens.ts';
import { nextSignInState, type SignInEvent, type SignInState } from './sign-in-state.ts';
import { toProblemCode } from './to-problem-error.ts';

/** From the click to Align's answer (ms). */
const SIGN_IN_WITHIN = 10 * 60_000;
/** From Align's answer to the choice of the account (ms). */
const CHOOSE_WITHIN = 30 * 60_000;
const KEEP_FOR = 7 * 86_400_000;

export interface OpenedSignIn {
  readonly signIn: SignInRow;
  readonly authorizationUrl: string;
  /** Binds the state to this browser (RFC 9700 §4.7): a code lured out elsewhere does not end here. */
  readonly cookie: { readonly name: string; readonly value: string };
}

export interface FinishedSignIn {
  readonly openerOrigin: string;
  readonly cookieName: string;
  readonly problem: ProblemCode | null;
}

/** The way of one person to Align and back, before any account is chosen. */
export interface SignIns {
  issue(principal: Principal, openerOrigin: string): Promise<{ ticket: string; expiresAt: number }>;
  /** Uses the ticket up. Null for one that is unknown, used or too old: all alike. */
  open(ticket: string): Promise<OpenedSignIn | null>;
  /** Null when the state is unknown, used, too old, or another browser's. */
  finish(answer: URL, cookie: (name: string) => string | undefined): Promise<FinishedSignIn | null>;
  /** The newest sign-in of this person that waits for its account. */
  pending(key: TenantKey, userId: string): Promise<SignInRow | null>;
  /** Whether one waits, and why the newest failed. */
  outlook(key: TenantKey, userId: string): Promise<{ choosing: boolean; problem: string | null }>;
  tokensOf(row: SignInRow): AlignTokens;
  /** Stores refreshed tokens of a sign-in that still waits. */
  keepTokens(row: SignInRow, tokens: AlignTokens): Promise<void>;
  /** Ends every waiting sign-in of this person (of everybody without `userId`), destroying its tokens. */
  close(tx: Tx, key: TenantKey, userId: string | null, chosen?: string): Promise<void>;
}

export interface SignInParts {
  readonly store: Store;
  readonly align: AlignPort;
  readonly seal: Seal;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly publicUrl: string;
}

export function createSignIns(parts: SignInParts): SignIns {
  const { store, align, seal, audit, clock, random, log } = parts;
  const redirectUri = `${parts.publicUrl}${routes.pairingCallback}`;
  const secret = (): string => Buffer.from(random.bytes(32)).toString('base64url');
  const sealTokens = (id: string, tokens: AlignTokens): string =>
    seal.seal(JSON.stringify(tokens), `sign_ins/${id}/tokens`);

  /** Moves on only where the state machine lets it; a second one that tries the same finds nothing. */
  async function move(tx: Tx, row: SignInRow, event: SignInEvent, values: Partial<SignInRow>): Promise<boolean> {
    const state = nextSignInState(row.state, event);
    if (state === null) return false;
    const moved = await tx
      .updateTable('sign_ins')
      .set({ ...values, state })
      .where('id', '=', row.id)
      .where('state', '=', row.state)
      .returning('id')
      .executeTakeFirst();
    return moved !== undefined;
  }

  const mine = (key: TenantKey, userId: string) =>
    store.db
      .selectFrom('sign_ins')
      .selectAll()
      .where('vendor', '=', key.vendor)
      .where('tenant', '=', key.tenant)
      .where('environment', '=', key.environment)
      .where('user_id', '=', userId)
      .orderBy('created_at', 'desc');

  async function sweep(tx: Tx): Promise<void> {
    const now = clock.now();
    await tx
      .updateTable('sign_ins')
      .set({ state: 'expired', tokens: null, code_verifier: null })
      .where('expires_at', '<=', now)
      .where('state', 'in', ['issued', 'started', 'signed_in'])
      .execute();
    await tx
      .deleteFrom('sign_ins')
      .where('expires_at', '<=', now - KEEP_FOR)
      .execute();
  }

  async function exchange(row: SignInRow, answer: URL): Promise<AlignTokens> {
    if (row.environment !== align.environment().name) {
      throw new AlignFault('not_configured', 'token', { property: 'environment' });
    }
    const codeVerifier = seal.unseal(row.code_verifier ?? '', `sign_ins/${row.id}/verifier`);
    const state = answer.searchParams.get('state') ?? '';
    return align.exchangeCode({ answer, state, codeVerifier, redirectUri });
  }

  return {
    async issue(principal, openerOrigin) {
      const ticket = secret();
      const now = clock.now();
      const expiresAt = now + SIGN_IN_WITHIN;
      await store.write(async (tx) => {
        await sweep(tx);
        const row: SignInRow = {
          id: randomUUID(),
          vendor: principal.vendor,
          tenant: principal.tenant,
          environment: principal.environment,
          user_id: principal.userId,
          user_name: principal.userName,
          clinic_name: principal.clinicName,
          ticket_hash: hashSecret(ticket),
          state_hash: null,
          cookie_hash: null,
          opener_origin: openerOrigin,
          code_verifier: null,
          state: 'issued',
          problem: null,
          tokens: null,
          created_at: now,
          expires_at: expiresAt,
        };
        await tx.insertInto('sign_ins').values(row).execute();
      });
      return { ticket, expiresAt };
    },

    async open(ticket) {
      const row = await store.db
        .selectFrom('sign_ins')
        .selectAll()
        .where('ticket_hash', '=', hashSecret(ticket))
        .where('state', '=', 'issued')
        .where('expires_at', '>', clock.now())
        .executeTakeFirst();
      if (row === undefined || row.environment !== align.environment().name) return null;
      const [state, codeVerifier, value] = [secret(), secret(), secret()];
      const authorizationUrl = await align.authorizationUrl({ state, codeVerifier, redirectUri });
      const opened = await store.write((tx) =>
        move(tx, row, 'opened', {
          state_hash: hashSecret(state),
          cookie_hash: hashSecret(value),
          code_verifier: seal.seal(codeVerifier, `sign_ins/${row.id}/verifier`),
        }),
      );
      return opened ? { signIn: row, authorizationUrl, cookie: { name: cookieName(row.id), value } } : null;
    },

    async finish(answer, cookie) {
      const state = answer.searchParams.get('state');
      if (state === null) return null;
      const hash = hashSecret(state);
      const row = await store.db
        .selectFrom('sign_ins')
        .selectAll()
        .where('state_hash', '=', hash)
        .where('state', '=', 'started')
        .where('expires_at', '>', clock.now())
        .executeTakeFirst();
      if (row === undefined || !isSame(row.cookie_hash, cookie(cookieName(row.id)))) return null;
      // One-time: used up before the code goes out, so that of two answers with one state only the first counts.
      const taken = await store.write(async (tx) =>
        tx
          .updateTable('sign_ins')
          .set({ state_hash: null })
          .where('id', '=', row.id)
          .where('state_hash', '=', hash)
          .returning('id')
          .executeTakeFirst(),
      );
      if (taken === undefined) return null;

      const outcome = await exchange(row, answer).then(
        (tokens) => ({ tokens, problem: null }),
        (error: unknown) => ({ tokens: null, problem: toSignInProblem(error, log) }),
      );
      await store.write(async (tx) => {
        const now = clock.now();
        const spent = { state_hash: null, cookie_hash: null, code_verifier: null };
        await (outcome.tokens === null
          ? move(tx, row, 'failed', { ...spent, problem: outcome.problem, expires_at: now + CHOOSE_WITHIN })
          : move(tx, row, 'came_back', {
              ...spent,
              tokens: sealTokens(row.id, outcome.tokens),
              expires_at: now + CHOOSE_WITHIN,
            }));
        const { vendor, tenant, environment, user_id: userId } = row;
        const actor = { vendor, tenant, environment, userId, sessionId: null };
        await audit.record(tx, actor, 'pairing.sign_in', null, outcome.problem ?? 'ok');
      });
      return { openerOrigin: row.opener_origin, cookieName: cookieName(row.id), problem: outcome.problem };
    },

    async pending(key, userId) {
      const row = await mine(key, userId)
        .where('state', '=', 'signed_in')
        .where('expires_at', '>', clock.now())
        .limit(1)
        .executeTakeFirst();
      return row ?? null;
    },

    async outlook(key, userId) {
      const rows = await mine(key, userId).where('expires_at', '>', clock.now()).limit(10).execute();
      return toOutlook(rows);
    },

    tokensOf(row) {
      return JSON.parse(seal.unseal(row.tokens ?? '', `sign_ins/${row.id}/tokens`)) as AlignTokens;
    },

    async keepTokens(row, tokens) {
      await store.write((tx) =>
        tx
          .updateTable('sign_ins')
          .set({ tokens: sealTokens(row.id, tokens) })
          .where('id', '=', row.id)
          .where('state', '=', 'signed_in')
          .execute(),
      );
    },

    async close(tx, key, userId, chosen) {
      let open = tx
        .updateTable('sign_ins')
        .set((eb) => ({
          tokens: null,
          state: eb
            .case()
            .when('id', '=', chosen ?? '')
            .then(eb.val<SignInState>('chosen'))
            .else(eb.val<SignInState>('expired'))
            .end(),
        }))
        .where('vendor', '=', key.vendor)
        .where('tenant', '=', key.tenant)
        .where('environment', '=', key.environment)
        .where('state', '=', 'signed_in');
      if (userId !== null) open = open.where('user_id', '=', userId);
      await open.execute();
    },
  };
}

/** @param rows newest first */
export function toOutlook(rows: readonly Pick<SignInRow, 'state' | 'problem'>[]): {
  choosing: boolean;
  problem: string | null;
} {
  // A second attempt that is still under way must not hide a first one that succeeded.
  const decided = rows.find(({ state }) => state === 'signed_in' || state === 'failed' || state === 'chosen');
  const newest = rows[0];
  return {
    choosing: decided?.state === 'signed_in',
    problem: newest?.state === 'failed' ? newest.problem : null,
  };
}

/** One per sign-in: two windows at once do not overwrite each other's. */
function cookieName(signInId: string): string {
  return `__Host-itero-sign-in-${signInId.slice(0, 8)}`;
}

function isSame(hash: string | null, value: string | undefined): boolean {
  if (hash === null || value === undefined) return false;
  return timingSafeEqual(Buffer.from(hash), Buffer.from(hashSecret(value)));
}

function toSignInProblem(error: unknown, log: Log): ProblemCode {
  if (!(error instanceof AlignFault)) {
    log.error({ error }, 'a sign-in broke off');
    return 'internal';
  }
  log.warn({ kind: error.kind, status: error.status, property: error.property }, 'a sign-in failed');
  // Cancelled at Align, or its code was refused: nobody is signed in, which is no fault of the connection.
  if (error.kind === 'unauthorized' || error.kind === 'invalid_grant') return 'not_signed_in';
  return toProblemCode(error);
}
