import type { Scope } from '../../shared/session.ts';
import type { StoredSession } from '../session/session.ts';
import type { Principal } from '../tenancy.ts';
import type { Vendor, Vendors } from '../vendors.ts';
import { requireOrigin } from './cors.ts';
import { ProblemError } from './problem-error.ts';

/** Who calls. Each method throws a ProblemError for everybody else. */
export interface Authenticator {
  /** Session token, origin, environment and scope, in this order. */
  session(request: { authorization?: string; origin?: string }, scopes: readonly Scope[]): Promise<Principal>;
  vendor(request: { authorization?: string }): Vendor;
}

export function createAuthenticator(parts: {
  sessions: { authenticate(token: string): Promise<StoredSession> };
  vendors: Vendors;
  findVendorByKey(key: string): Vendor | null;
  /** Name of the active Align environment. */
  environment(): string;
}): Authenticator {
  return {
    async session({ authorization, origin }, scopes) {
      const token = bearer(authorization);
      if (token === null) throw new ProblemError('unauthorized');
      const session = await parts.sessions.authenticate(token);
      const { principal } = session;
      // A vendor that was taken out of the configuration has no sessions any more.
      if (parts.vendors.find(principal.vendor) === undefined) throw new ProblemError('unauthorized');
      requireOrigin(parts.vendors, session, origin);
      if (principal.environment !== parts.environment()) throw new ProblemError('environment_changed');
      if (scopes.length > 0 && !scopes.some((scope) => principal.scopes.includes(scope))) {
        throw new ProblemError('forbidden');
      }
      return principal;
    },
    vendor({ authorization }) {
      const key = bearer(authorization);
      const vendor = key === null ? null : parts.findVendorByKey(key);
      if (vendor === null) throw new ProblemError('vendor_key_refused');
      return vendor;
    },
  };
}

/** RFC 6750 §2.1; the scheme is without case (RFC 9110 §11.1). */
function bearer(authorization: string | undefined): string | null {
  return /^bearer ([\w\-.~+/]+=*)$/i.exec(authorization ?? '')?.[1] ?? null;
}
