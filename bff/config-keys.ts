/** `npm run config:keys`: a new vendor API key with its hash for the configuration, a new encryption key, a new partner callback token. Nothing is stored. */
import { createHash, randomBytes } from 'node:crypto';

const vendorKey = `vk_${randomBytes(32).toString('base64url')}`;
process.stdout.write(`Vendor API key, for the DPMS backend alone; it is shown this once:
  ${vendorKey}
Its hash, for vendors[].apiKeyHashes:
  ${createHash('sha256').update(vendorKey).digest('hex')}

Encryption key, for encryptionKeys (newest first; keep it out of the file: "env:NAME" or "file:/path"):
  ${randomBytes(32).toString('base64')}

Partner callback token, for align.environments.*.partnerCallbackToken, where Align was given one callback URL at partner
registration (publicUrl + /v1/callbacks/partner/ + token; keep it out of the file: "env:NAME" or "file:/path"):
  ${randomBytes(32).toString('base64url')}
`);
