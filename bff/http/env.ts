import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Log } from '../deps.ts';
import type { Principal } from '../tenancy.ts';

/** What every handler finds in its context. `principal` is set for routes with `auth: 'session'`, `vendor` for both kinds of key. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    /** Made here, never taken from outside. */
    requestId: string;
    log: Log;
    principal: Principal;
    /** Vendor id. */
    vendor: string;
    /** CORS, request id and security headers of this answer; add to them by `setBaseHeaders`. */
    baseHeaders: Record<string, string>;
  };
}

export type HttpContext = Context<Env>;
