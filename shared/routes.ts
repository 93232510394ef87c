/** Every path of product.md "HTTP". Ids in paths are ours or upstream's order ids, never names or chart numbers. */
export const routes = {
  sessions: '/v1/sessions',
  session: (id: string) => `/v1/sessions/${encodeURIComponent(id)}`,
  serverScans: (tenant: string) => `/v1/server/${encodeURIComponent(tenant)}/scans`,
  serverScan: (tenant: string, orderId: string) =>
    `/v1/server/${encodeURIComponent(tenant)}/scans/${encodeURIComponent(orderId)}`,
  pairing: '/v1/pairing',
  authorizations: '/v1/pairing/authorizations',
  accounts: '/v1/pairing/accounts',
  impact: '/v1/pairing/impact',
  login: '/v1/pairing/login',
  pairingStart: (ticket: string) => `/v1/pairing/start/${encodeURIComponent(ticket)}`,
  pairingCallback: '/v1/pairing/callback',
  practice: '/v1/practice',
  scanRequests: '/v1/scan-requests',
  scanRequest: (id: string) => `/v1/scan-requests/${encodeURIComponent(id)}`,
  scanRequestsCheck: '/v1/scan-requests/check',
  scanRequestsSearch: '/v1/scan-requests/search',
  scansSearch: '/v1/scans/search',
  scan: (orderId: string) => `/v1/scans/${encodeURIComponent(orderId)}`,
  scanRx: (orderId: string) => `/v1/scans/${encodeURIComponent(orderId)}/rx`,
  scanRead: (orderId: string) => `/v1/scans/${encodeURIComponent(orderId)}/read`,
  scansWhere: '/v1/scans/where',
  asset: (link: string) => `/v1/assets/${link}`,
  patients: '/v1/patients',
  events: '/v1/events',
  callback: (token: string) => `/v1/callbacks/${token}`,
  partnerCallback: (token: string) => `/v1/callbacks/partner/${token}`,
  ledger: '/v1/ledger',
  audit: '/v1/audit',
  health: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
  openapi: '/openapi.json',
  embed: '/embed/v1/itero.js',
} as const;

/** Headers of our own. */
export const headers = {
  idempotencyKey: 'Idempotency-Key',
  requestId: 'X-Request-Id',
  embed: 'X-Itero-Embed',
} as const;
