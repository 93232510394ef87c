/** A DPMS vendor that may mint sessions here. From configuration. */
export interface Vendor {
  readonly id: string;
  /** Shown to people at sign-in: "Connect clinic X in product Y". */
  readonly name: string;
  /** SHA-256 of each valid API key, hex. */
  readonly apiKeyHashes: readonly string[];
  readonly allowedOrigins: readonly string[];
}

export interface Vendors {
  find(id: string): Vendor | undefined;
  all(): readonly Vendor[];
}

export function createVendors(list: readonly Vendor[]): Vendors {
  const byId = new Map(list.map((vendor) => [vendor.id, vendor]));
  return { find: (id) => byId.get(id), all: () => list };
}
