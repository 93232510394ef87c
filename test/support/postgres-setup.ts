/** Of the vitest project `postgres`: one server for the whole run; every test has a database of its own on it. */
import { SHARED_SERVER, startPostgres } from './postgres.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const server = await startPostgres();
  process.env[SHARED_SERVER] = server.url('');
  return () => server.stop();
}
