import { mintedSessionSchema, mintSessionSchema } from '../../shared/session.ts';
import { vendorEndpoint, type Endpoint } from '../http/endpoint.ts';
import { ProblemError } from '../http/problem-error.ts';
import type { Vendors } from '../vendors.ts';
import type { Sessions } from './sessions.ts';

export function createSessionEndpoints(parts: {
  sessions: Sessions;
  vendors: Vendors;
  environment(): { readonly name: string; readonly livemode: boolean };
}): Endpoint[] {
  return [
    vendorEndpoint({
      method: 'post',
      path: '/v1/sessions',
      summary: 'Mints a session for one person, from the DPMS backend',
      body: mintSessionSchema,
      answer: mintedSessionSchema,
      status: 201,
      async handle({ vendor, body }) {
        const known = parts.vendors.find(vendor);
        if (known === undefined) throw new ProblemError('vendor_key_refused');
        return parts.sessions.mint(known, body, parts.environment());
      },
    }),
    vendorEndpoint({
      method: 'delete',
      path: '/v1/sessions/:id',
      summary: 'Ends a session at once, its streams and links included',
      status: 204,
      async handle({ vendor, params }) {
        await parts.sessions.revoke(vendor, params['id'] ?? '');
      },
    }),
  ];
}
