import type { Cloud } from './cloud.ts';
import { currentRegion } from './cloud.ts';
import { OPERATIONS } from './regions.ts';

/** `GET {baseUrl}/discovery`: domain and path of every operation in this region. Needs no token: it is asked before every refresh. */
export function discovery(cloud: Cloud): Response {
  const region = currentRegion(cloud);
  const domain = region.domain ?? cloud.urls.main;
  const endpoints = Object.fromEntries(
    OPERATIONS.map((operation) => [operation, { domain, path: region.paths[operation] }]),
  );
  return Response.json({ region: region.name, endpoints });
}
