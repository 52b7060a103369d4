import { openStores } from '../src/stores/open.ts';
import { storeCompliance } from './store-compliance.ts';

storeCompliance('SQLite', () => openStores(':memory:'));
