import { createHash } from 'node:crypto';

export const KEY = Buffer.alloc(32, 7).toString('base64');
export const HASH = createHash('sha256').update('vk_sample').digest('hex');

/** A good configuration as it would stand in the file. */
export function sample<T extends object>(change: T = {} as T) {
  return {
    publicUrl: 'https://bff.example',
    store: 'sqlite:./data/itero.db',
    encryptionKeys: [KEY] as string[],
    vendors: [{ id: 'molar', name: 'Molar', apiKeyHashes: [HASH], allowedOrigins: ['https://dpms.molar.example'] }],
    align: {
      environment: 'sandbox',
      environments: {
        sandbox: {
          oauthBase: 'https://oauth.align.example',
          baseUrl: 'https://api.align.example',
          clientId: 'client',
          clientSecret: 'secret',
          allowedHosts: ['files.align.example'],
        },
      },
    },
    ...change,
  };
}
