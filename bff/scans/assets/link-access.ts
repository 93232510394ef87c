import type { ProblemCode } from '../../../shared/problem.ts';
import type { Scope } from '../../../shared/session.ts';
import type { Clock } from '../../deps.ts';
import type { CommittedEvent, EventLog } from '../../events/index.ts';
import { ProblemError } from '../../http/problem-error.ts';
import type { Connections } from '../../pairing/connections.ts';
import type { SessionLookup } from '../../session/session.ts';
import type { Store } from '../../store/index.ts';
import type { ConnectionRow, ScanRow } from '../../store/schema.ts';
import type { Principal, TenantKey } from '../../tenancy.ts';
import { VENDOR_USER, type AssetLinks, type LinkHolder, type UnprovenLink } from '../asset-link.ts';
import { caseRows, isVisible } from '../case-query.ts';

/** A link whose holder may have what it names, at this moment. */
export interface OpenedLink {
  readonly link: UnprovenLink;
  readonly holder: LinkHolder;
  readonly connection: ConnectionRow;
  readonly scan: ScanRow;
}

export interface LinkAccess {
  /**
   * Each hit checks: made here and not expired, session not revoked, order still visible, connection not removed
   * (rules.md "Assets").
   * @throws ProblemError `not_found`, `link_expired`, `session_expired`, `environment_changed`, `forbidden`, `unpaired`, `pairing_lost`
   */
  open(link: string): Promise<OpenedLink>;
  /** The same checks out of memory; null where something is missing or refused: `open` loads it, or says why. */
  openAtOnce(link: string): OpenedLink | null;
  stop(): void;
}

/** Older entries are read anew, for changes that another instance made (ms). */
const FRESH_MS = 1000;
const MAX_CLINICS = 500;
const MAX_SCANS = 2000;

/** Who holds a link, with what decides over it. */
interface Holder extends LinkHolder {
  readonly scopes: readonly Scope[];
  /** Chart number of a patient-bound session. */
  readonly chart: string | null;
}

/** A link of the vendor's backend opens whatever it was made for. */
const VENDOR_SCOPES: readonly Scope[] = ['scan:read', 'scan:download'];

interface Clinic {
  readonly at: number;
  readonly connection: ConnectionRow | null;
  readonly scans: Map<string, ScanRow | null>;
}

export function createLinkAccess(parts: {
  store: Store;
  links: AssetLinks;
  sessions: Pick<SessionLookup, 'find' | 'held'>;
  connections: Pick<Connections, 'current'>;
  events: Pick<EventLog, 'onCommitted'>;
  environment: () => string;
  clock: Clock;
}): LinkAccess {
  const { store, links, sessions, connections, clock } = parts;
  const clinics = new Map<string, Clinic>();
  let generation = 0;
  /** Every change of a case or a pairing is an event of its clinic: what was remembered of it is forgotten at once. */
  const stop = parts.events.onCommitted((event: CommittedEvent) => {
    clinics.delete(toName(event));
    generation += 1;
  });
  /** @param session the one that the link names; null where it is over, and for links of the vendor's backend */
  function holderOf(link: UnprovenLink, session: Principal | null): Holder | null {
    if (!('sessionId' in link.holder)) {
      const { vendor, tenant, environment } = link.holder;
      const holder = { vendor, tenant, environment, userId: VENDOR_USER, sessionId: null };
      return { ...holder, scopes: VENDOR_SCOPES, chart: null };
    }
    if (session === null) return null;
    const { vendor, tenant, environment, userId, sessionId, scopes, patient } = session;
    return { vendor, tenant, environment, userId, sessionId, scopes, chart: patient?.chartNumber ?? null };
  }

  /** What the link and its holder alone decide. */
  function refusalOf(link: UnprovenLink, holder: Holder): ProblemCode | null {
    if (!holder.scopes.includes('scan:read')) return 'forbidden';
    if (!links.prove(link, holder)) return 'not_found';
    if (clock.now() >= link.expiresAt) return 'link_expired';
    if (holder.environment !== parts.environment()) return 'environment_changed';
    const mayHave = link.target.disposition !== 'attachment' || holder.scopes.includes('scan:download');
    return mayHave ? null : 'forbidden';
  }

  function freshClinic(key: TenantKey): Clinic | null {
    const known = clinics.get(toName(key));
    const now = clock.now();
    return known !== undefined && now - known.at < FRESH_MS && now >= known.at ? known : null;
  }

  async function clinicOf(key: TenantKey): Promise<Clinic> {
    const known = freshClinic(key);
    if (known !== null) return known;
    const before = generation;
    const clinic = {
      at: clock.now(),
      connection: await connections.current(key),
      scans: new Map<string, ScanRow | null>(),
    };
    if (clinics.size >= MAX_CLINICS) clinics.clear();
    // What changed while this was read must not be remembered as it was before.
    if (before === generation) clinics.set(toName(key), clinic);
    return clinic;
  }

  async function scanOf(key: TenantKey, clinic: Clinic, connection: ConnectionRow, orderId: string) {
    const known = clinic.scans.get(orderId);
    if (known !== undefined) return known;
    const cases = { ...key, accountId: connection.account_id };
    const row = await caseRows(store.db, cases).selectAll().where('order_id', '=', orderId).executeTakeFirst();
    if (clinic.scans.size >= MAX_SCANS) clinic.scans.clear();
    clinic.scans.set(orderId, row ?? null);
    return row ?? null;
  }

  return {
    async open(text) {
      const link = links.read(text);
      if (link === null) throw new ProblemError('not_found');
      const session = 'sessionId' in link.holder ? await sessions.find(link.holder.sessionId) : null;
      const holder = holderOf(link, session);
      if (holder === null) throw new ProblemError('session_expired');
      const refusal = refusalOf(link, holder);
      if (refusal !== null) throw new ProblemError(refusal);

      const clinic = await clinicOf(holder);
      const { connection } = clinic;
      if (connection === null) throw new ProblemError('not_found');
      const ended = endOf(connection);
      if (ended !== null) throw new ProblemError(ended);
      const scan = await scanOf(holder, clinic, connection, link.orderId);
      if (scan === null || !isVisible(scan, holder.chart)) throw new ProblemError('not_found');
      return { link, holder, connection, scan };
    },

    openAtOnce(text) {
      const link = links.read(text);
      if (link === null) return null;
      const session = 'sessionId' in link.holder ? sessions.held(link.holder.sessionId) : null;
      const holder = holderOf(link, session);
      if (holder === null || refusalOf(link, holder) !== null) return null;
      const clinic = freshClinic(holder);
      const connection = clinic?.connection ?? null;
      if (connection === null || endOf(connection) !== null) return null;
      const scan = clinic?.scans.get(link.orderId) ?? null;
      if (scan === null || !isVisible(scan, holder.chart)) return null;
      return { link, holder, connection, scan };
    },
    stop,
  };
}

/** Files are shown as long as the pairing lasts. */
function endOf({ state }: ConnectionRow): ProblemCode | null {
  if (state === 'unpaired') return 'unpaired';
  return state === 'lost' ? 'pairing_lost' : null;
}

function toName({ vendor, tenant, environment }: TenantKey): string {
  return `${vendor}\0${tenant}\0${environment}`;
}
