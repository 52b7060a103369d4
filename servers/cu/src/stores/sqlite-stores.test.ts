import { descriptionStoreCompliance } from './description-store.compliance.ts';
import { openStores } from './open-stores.ts';
import { resultStoreCompliance } from './result-store.compliance.ts';

resultStoreCompliance('SQLite', async () => {
  const { results, closeStores } = await openStores(':memory:');
  return { store: results, close: closeStores };
});

descriptionStoreCompliance('SQLite', async () => {
  const { descriptions, closeStores } = await openStores(':memory:');
  return { store: descriptions, close: closeStores };
});
