import type { Clock } from '../../deps.ts';
import type { CommittedEvent, EventLog } from '../../events/index.ts';
import { ProblemError } from '../../http/problem-error.ts';
import type { Connections } from '../../pairing/connections.ts';
import type { SessionLookup } from '../../session/session.ts';
import type { Store } from '../../store/index.ts';
import type { ConnectionRow, ScanRow } from '../../store/schema.ts';
import type { TenantKey } from '../../tenancy.ts';
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
  stop(): void;
}

/** Older entries are read anew, for changes that another instance made (ms). */
const FRESH_MS = 1000;
const MAX_CLINICS = 500;
const MAX_SCANS = 2000;

interface Clinic {
  readonly at: number;
  readonly connection: ConnectionRow | null;
  readonly scans: Map<string, ScanRow | null>;
}

export function createLinkAccess(parts: {
  store: Store;
  links: AssetLinks;
  sessions: Pick<SessionLookup, 'find'>;
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
  async function holderOf(link: UnprovenLink): Promise<LinkHolder & { chart: string | null; mayDownload: boolean }> {
    if (!('sessionId' in link.holder)) {
      const { vendor, tenant, environment } = link.holder;
      const holder = { vendor, tenant, environment, userId: VENDOR_USER, sessionId: null };
      return { ...holder, chart: null, mayDownload: true };
    }
    const principal = await sessions.find(link.holder.sessionId);
    if (principal === null) throw new ProblemError('session_expired');
    if (!principal.scopes.includes('scan:read')) throw new ProblemError('forbidden');
    const { vendor, tenant, environment, userId, sessionId, scopes } = principal;
    const chart = principal.patient?.chartNumber ?? null;
    return { vendor, tenant, environment, userId, sessionId, chart, mayDownload: scopes.includes('scan:download') };
  }

  async function clinicOf(key: TenantKey): Promise<Clinic> {
    const name = toName(key);
    const known = clinics.get(name);
    const now = clock.now();
    if (known !== undefined && now - known.at < FRESH_MS && now >= known.at) return known;
    const before = generation;
    const clinic = { at: now, connection: await connections.current(key), scans: new Map<string, ScanRow | null>() };
    if (clinics.size >= MAX_CLINICS) clinics.clear();
    // What changed while this was read must not be remembered as it was before.
    if (before === generation) clinics.set(name, clinic);
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
      const holder = await holderOf(link);
      if (!links.prove(link, holder)) throw new ProblemError('not_found');
      if (clock.now() >= link.expiresAt) throw new ProblemError('link_expired');
      if (holder.environment !== parts.environment()) throw new ProblemError('environment_changed');
      if (link.target.disposition === 'attachment' && !holder.mayDownload) throw new ProblemError('forbidden');

      const clinic = await clinicOf(holder);
      const { connection } = clinic;
      if (connection === null) throw new ProblemError('not_found');
      if (connection.state === 'unpaired') throw new ProblemError('unpaired');
      if (connection.state === 'lost') throw new ProblemError('pairing_lost');
      const scan = await scanOf(holder, clinic, connection, link.orderId);
      if (scan === null || !isVisible(scan, holder.chart)) throw new ProblemError('not_found');
      return { link, holder, connection, scan };
    },
    stop,
  };
}

function toName({ vendor, tenant, environment }: TenantKey): string {
  return `${vendor}\0${tenant}\0${environment}`;
}
