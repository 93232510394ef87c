import { fail, type Result } from '../../shared/result.ts';
import type { ComponentName, SessionClaims, SessionRequest } from '../../shared/session.ts';
import type { StreamEvent } from '../../shared/stream-event.ts';
import { createApi, type Api } from './api.ts';
import { ABORTED, isAborted, type Fault } from './fault.ts';
import { createSessionKeeper, type SessionKeeper } from './session.ts';
import { sourceKey, type SessionSource } from './session-source.ts';
import { fetchSharing, openSharedStream } from './shared-stream.ts';
import type { EventStream, StreamOptions } from './stream.ts';
import { createTransport, type Transport } from './transport.ts';

/**
 * `starting` no session yet, or it went to another user: nothing may be shown. `offline` keep what is shown; `claims`
 * are absent when there never was a session. `expired` the practice system refused. `failed` cannot work as set up.
 */
export type LinkState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly claims: SessionClaims }
  | { readonly kind: 'offline'; readonly claims?: SessionClaims }
  | { readonly kind: 'expired'; readonly fault: Fault }
  | { readonly kind: 'failed'; readonly fault: Fault };

export type LinkEvent = StreamEvent | { readonly type: 'stream.reset' } | { readonly type: 'link.state' };

export interface PageLink {
  readonly state: LinkState;
  readonly api: Api;
  on(handler: (event: LinkEvent) => void): () => void;
  /** The person asks to try again now. */
  retry(): void;
}

export interface JoinedLink extends PageLink {
  /** Equal for places that share a link: {@link keyOf}. */
  readonly key: string;
  /** Ends this element's calls; with the last element also the session and the stream. */
  leave(): void;
}

export interface LinkPlace {
  /** Origin of the BFF. */
  readonly apiBase: string;
  readonly source: SessionSource;
  readonly chartNumber: string | undefined;
  readonly component: ComponentName;
  /** Why a session is asked for when there is none yet. */
  readonly reason: 'start' | 'patient-changed';
}

interface Member {
  readonly component: ComponentName;
  readonly handlers: Set<(event: LinkEvent) => void>;
}

/** Elements wait this long for the stream before they load: what they load then cannot miss an event (ms). */
const STREAM_GRACE_MS = 1_500;
/** Consecutive failures of the stream after which the page counts as offline. */
const OFFLINE_AFTER = 2;

const links = new Map<string, SharedLink>();

/** How many links live on this page. For tests. */
export function openLinks(): number {
  return links.size;
}

/** Elements with the same BFF, session source and patient share a link. */
export function keyOf(place: LinkPlace): string {
  return JSON.stringify([place.apiBase, sourceKey(place.source), place.chartNumber ?? null]);
}

/** Joins the link of this place, made when there is none: one session and one stream for all elements that share it. */
export function joinPageLink(place: LinkPlace): JoinedLink {
  const key = keyOf(place);
  let link = links.get(key);
  if (!link) {
    link = new SharedLink(place, () => links.delete(key));
    links.set(key, link);
  }
  return link.join(place.component);
}

class SharedLink {
  readonly #place: LinkPlace;
  readonly #members = new Set<Member>();
  readonly #keeper: SessionKeeper;
  readonly #transport: Transport;
  readonly #closed: () => void;
  #state: LinkState = { kind: 'starting' };
  #asked: ReadonlySet<ComponentName> = new Set();
  #claims: SessionClaims | undefined;
  /** An element with a component that no session was asked for yet has joined. */
  #grown = false;
  #stream: EventStream | undefined;
  #streamOpen = false;
  /** Where the next stream goes on from. */
  #position = '';
  /** Elements have begun to load, so that a first opening of the stream after that may have missed something. */
  #loaded = false;
  #startTimer: ReturnType<typeof setTimeout> | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: LinkPlace, closed: () => void) {
    this.#place = place;
    this.#closed = closed;
    fetchSharing();
    this.#keeper = createSessionKeeper({
      source: place.source,
      chartNumber: place.chartNumber,
      components: () => this.#componentsToAsk(),
      granted: (claims, reason) => this.#granted(claims, reason),
      refused: (fault) => this.#refused(fault),
    });
    this.#transport = createTransport(place.apiBase, {
      // Before the first session is asked for, elements of the same task still join.
      token: () => this.#whenStarted(() => this.#keeper.token()),
      renew: (reason, instead) => this.#keeper.renew(reason, instead),
    });
  }

  join(component: ComponentName): JoinedLink {
    const member: Member = { component, handlers: new Set() };
    this.#members.add(member);
    // Elements of one task ask for one session together; a later one with another component has it renewed.
    if (!this.#asked.has(component)) this.#startSoon();
    const leaving = new AbortController();
    // oxlint-disable-next-line typescript/no-this-alias
    const link = this;
    return {
      key: keyOf(this.#place),
      get state(): LinkState {
        return link.#state.kind === 'ready' && !link.#asked.has(component) ? { kind: 'starting' } : link.#state;
      },
      api: createApi(this.#place.apiBase, this.#transport, leaving.signal),
      on(handler) {
        member.handlers.add(handler);
        return () => member.handlers.delete(handler);
      },
      retry: () => this.#retry(),
      leave: () => {
        leaving.abort();
        member.handlers.clear();
        this.#members.delete(member);
        if (this.#members.size === 0) this.#close();
      },
    };
  }

  #componentsToAsk(): ComponentName[] {
    this.#asked = new Set([...this.#members].map((member) => member.component));
    return [...this.#asked].sort();
  }

  async #whenStarted(then: () => Promise<Result<string, Fault>>): Promise<Result<string, Fault>> {
    if (this.#startTimer !== undefined) this.#start();
    return this.#members.size === 0 ? fail(ABORTED) : then();
  }

  #startSoon(): void {
    this.#grown = true;
    this.#startTimer ??= setTimeout(() => this.#start(), 0);
  }

  #start(): void {
    clearTimeout(this.#startTimer);
    this.#startTimer = undefined;
    const reason: SessionRequest['reason'] = this.#asked.size === 0 ? this.#place.reason : 'renew';
    void this.#keeper.renew(reason);
  }

  #retry(): void {
    if (this.#state.kind === 'expired' || this.#state.kind === 'failed' || !this.#claims) {
      void this.#keeper.renew(this.#claims ? 'expired' : this.#place.reason);
    } else this.#stream?.reopen();
  }

  #granted(claims: SessionClaims, reason: SessionRequest['reason']): void {
    const before = this.#claims;
    this.#claims = claims;
    const otherScope = before?.scope !== claims.scope;
    const otherGroup = before?.group !== claims.group;
    const other =
      before !== undefined &&
      (reason === 'environment-changed' ||
        before.vendor !== claims.vendor ||
        before.tenant !== claims.tenant ||
        before.sub !== claims.sub ||
        // Also the patient and the environment are in the group. So are the rights: more of them, for an element that
        // joined, do not take from the others what a person has typed.
        (otherGroup && !(otherScope && this.#grown)));
    if (other) {
      // What belongs to another user, clinic, patient or environment goes before anything new is asked for.
      this.#stopStream();
      this.#set({ kind: 'starting' });
    }
    // Joined while the session was under way.
    if ([...this.#members].some((member) => !this.#asked.has(member.component))) this.#startSoon();
    // Another group may hear other events.
    if (otherScope || otherGroup) this.#closeStream();
    // Without a place, `stream.reset` follows for elements that go on showing what they have.
    if (otherGroup) this.#position = '';
    if (!this.#stream) this.#openStream(claims);
    if (this.#streamOpen) this.#ready();
    else this.#graceTimer ??= setTimeout(() => this.#ready(), STREAM_GRACE_MS);
  }

  #openStream({ group }: SessionClaims): void {
    const options: StreamOptions = {
      transport: this.#transport,
      from: this.#position,
      event: (event) => this.#tell(event),
      opened: (resumed) => {
        this.#streamOpen = true;
        if (!resumed && this.#loaded) this.#tell({ type: 'stream.reset' });
        this.#ready();
      },
      failed: (fault, tries) => {
        this.#streamOpen = false;
        if (fault && isAborted(fault)) return;
        // A session fault has been told already, by the keeper.
        if (this.#state.kind === 'expired' || this.#state.kind === 'failed') return;
        if (tries < OFFLINE_AFTER) return;
        // Answered, but refused (no right to any event): the calls say by themselves what may be done.
        if (fault?.status !== undefined && fault.status < 500 && !fault.retryable) return this.#ready();
        clearTimeout(this.#graceTimer);
        this.#graceTimer = undefined;
        this.#set({ kind: 'offline', ...(this.#claims && { claims: this.#claims }) });
      },
    };
    this.#stream = openSharedStream(options, group && `${this.#place.apiBase} ${group}`);
  }

  /** Keeps its place, so that the next one misses nothing. */
  #closeStream(): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = undefined;
    this.#position = this.#stream?.position ?? this.#position;
    this.#stream?.close();
    this.#stream = undefined;
    this.#streamOpen = false;
  }

  #stopStream(): void {
    this.#closeStream();
    this.#position = '';
    this.#loaded = false;
  }

  #ready(): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = undefined;
    if (!this.#claims) return;
    this.#loaded = true;
    const before = this.#state;
    const ready: LinkState = { kind: 'ready', claims: this.#claims };
    // A plain renewal is nobody's business; elements load anew whenever they hear `ready`.
    const same = before.kind === 'ready' && before.claims.scope === ready.claims.scope && !this.#grown;
    if (same) this.#state = ready;
    else {
      this.#grown = this.#startTimer !== undefined;
      this.#set(ready);
    }
  }

  #refused(fault: Fault): void {
    // Its session is over: until it has another, this page hears nothing, not even by a tab that it shares with. What
    // comes meanwhile is not missed: the next stream of the same user goes on from here.
    this.#closeStream();
    if (fault.code === 'offline') {
      this.#set({ kind: 'offline', ...(this.#claims && { claims: this.#claims }) });
      return;
    }
    const kind = this.#place.source.kind === 'none' ? 'failed' : 'expired';
    this.#set({ kind, fault });
  }

  #set(state: LinkState): void {
    this.#state = state;
    this.#tell({ type: 'link.state' });
  }

  #tell(event: LinkEvent): void {
    for (const member of this.#members) {
      for (const handler of member.handlers) handler(event);
    }
  }

  #close(): void {
    clearTimeout(this.#startTimer);
    this.#stopStream();
    this.#keeper.close();
    this.#closed();
  }
}
