import { createHash } from 'node:crypto';
import { parseConfig, type Config } from '../../../bff/config.ts';
import type { Log } from '../../../bff/deps.ts';
import { createLog, openDestination } from '../../../bff/log.ts';

export const VENDOR = 'bench';
export const VENDOR_KEY = 'vk_bench';
export const TENANT = 'clinic';
export const ENVIRONMENT = 'bench';
export const ACCOUNT = '1017';

/** One vendor on a SQLite file, with an upstream on this machine. */
export function benchConfig(directory: string, upstream = 'http://127.0.0.1:9'): Config {
  const config = parseConfig(
    {
      publicUrl: 'http://127.0.0.1',
      host: '127.0.0.1',
      port: 0,
      store: `sqlite:${directory}/itero.db`,
      dataDir: directory,
      encryptionKeys: [Buffer.alloc(32, 5).toString('base64')],
      vendors: [
        {
          id: VENDOR,
          name: 'Bench',
          apiKeyHashes: [createHash('sha256').update(VENDOR_KEY).digest('hex')],
          allowedOrigins: ['http://127.0.0.1'],
        },
      ],
      align: {
        environment: ENVIRONMENT,
        environments: {
          [ENVIRONMENT]: {
            oauthBase: upstream,
            baseUrl: upstream,
            clientId: 'bench',
            clientSecret: 'bench',
            allowedHosts: [new URL(upstream).host],
            simulated: true,
          },
        },
      },
    },
    {},
  );
  if (!config.ok) throw new Error(`configuration: ${JSON.stringify(config.error)}`);
  return config.value;
}

/** As in production: every request leaves its line; here the lines go nowhere. */
export function benchLog(): Log {
  return createLog({ level: 'info', destination: openDestination('/dev/null') });
}
