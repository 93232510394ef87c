/** Encrypts what must not lie in the database in clear. `context` says what and whose it is; another one does not open. */
export interface Seal {
  seal(plain: string, context: string): string;
  /** @throws SealError when the text was changed, its key is gone, or `context` is another. */
  unseal(sealed: string, context: string): string;
  sealBytes(plain: Uint8Array, context: string): Uint8Array;
  unsealBytes(sealed: Uint8Array, context: string): Uint8Array;
  /** Made with an older key than the newest: seal again at the next write. */
  isAged(sealed: string): boolean;
  /** HMACs under every key, newest first: recognises a secret without opening it. */
  fingerprints(plain: string): readonly [string, ...string[]];
}
