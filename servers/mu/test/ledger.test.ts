import { SqliteLedger } from '../src/stores/sqlite-ledger.ts';
import { ledgerSuite } from './ledger-suite.ts';
import { temporaryDb } from './unit.ts';

ledgerSuite('the ledger in SQLite', async () => {
  const path = await temporaryDb();
  return async (clock) => new SqliteLedger(path, clock);
});
