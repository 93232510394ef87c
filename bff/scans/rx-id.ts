/** An RX id is kept as upstream wrote it; a GUID is the same in capital letters, and people and systems type it as they like. */
export function spellings(rxId: string): string[] {
  return [...new Set([rxId, rxId.toLowerCase(), rxId.toUpperCase()])];
}
