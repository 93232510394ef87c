import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAudit } from '../../../bff/audit/index.ts';
import type { Store } from '../../../bff/store/index.ts';
import { handClock, openTestStore, START } from '../support/fixtures.ts';

let store: Store;
const audit = createAudit(handClock());
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

const dentist = {
  vendor: 'molar',
  tenant: 'riverside',
  environment: 'sandbox',
  userId: 'u1',
  userName: 'Dr. Canary',
  clinicName: null,
  sessionId: 'es_1',
  scopes: [],
  patient: { chartNumber: 'Canary-1', firstName: 'Canary' },
  expiresAt: 0,
};

describe('the audit log', () => {
  it('says who did what to which object and how it ended, and no name', async () => {
    await store.write((tx) => audit.record(tx, dentist, 'scan.downloaded', '123456789', 'ok'));
    const rows = await store.db.selectFrom('audit').selectAll().execute();
    expect(rows).toMatchObject([
      {
        vendor: 'molar',
        tenant: 'riverside',
        environment: 'sandbox',
        at: START,
        user_id: 'u1',
        session_id: 'es_1',
        action: 'scan.downloaded',
        subject: '123456789',
        outcome: 'ok',
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain('Canary');
  });

  it('is written with the act itself or not at all', async () => {
    const act = store.write(async (tx) => {
      await audit.record(tx, dentist, 'pairing.unpaired', 'con_1', 'ok');
      throw new Error('the act failed');
    });
    await expect(act).rejects.toThrow('the act failed');
    const rows = await store.db.selectFrom('audit').selectAll().where('action', '=', 'pairing.unpaired').execute();
    expect(rows).toEqual([]);
  });
});
