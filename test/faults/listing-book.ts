/**
 * Every call of Get Orders as it comes in at the simulator, with what it asked for: the simulator's own log is bounded and
 * does not say where a page begins. The simulator runs in this process, so that Node's diagnostics channel tells of its requests.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AlignCloud } from '../../demo/align-cloud/index.ts';
import type { Listing } from './history.ts';

export interface ListingBook {
  /** In the order in which they came in; without those whose token is of no clinic. */
  readonly listings: readonly Listing[];
  close(): void;
}

interface Begun {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

const CHANNEL = 'http.server.request.start';
const PATH = '/api/v2/orders';

export function openListingBook(cloud: Pick<AlignCloud, 'port' | 'clock' | 'state'>): ListingBook {
  const listings: Listing[] = [];

  /** The clinic of the token, also of one that is over. */
  function accountOf({ headers }: IncomingMessage): string | null {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    const grantId = cloud.state.accessTokens.get(token)?.grantId ?? '';
    const companyId = cloud.state.grants.get(grantId)?.companyId ?? null;
    return companyId === null ? null : String(companyId);
  }

  function begun(message: unknown): void {
    const { request, response, server } = message as Begun;
    const address = server.address();
    if (address === null || typeof address === 'string' || address.port !== cloud.port) return;
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cloud.example');
    const accountId = accountOf(request);
    if (pathname !== PATH || accountId === null) return;
    const listing = { accountId, at: cloud.clock.now(), ...boundsOf(searchParams), status: null as number | null };
    listings.push(listing);
    response.once('close', () => {
      if (response.headersSent) listing.status = response.statusCode;
    });
  }

  subscribe(CHANNEL, begun);
  return { listings, close: () => void unsubscribe(CHANNEL, begun) };
}

function boundsOf(query: URLSearchParams): Pick<Listing, 'from' | 'upTo' | 'page'> {
  const timeOf = (name: string): number | null => {
    const text = query.get(name);
    return text === null ? null : Date.parse(text);
  };
  return { from: timeOf('fromDate'), upTo: timeOf('toDate'), page: Number(query.get('page') ?? 1) };
}
