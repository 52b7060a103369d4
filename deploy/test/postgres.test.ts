import { networkInContainers } from './suite.ts';

const units = ['su-1', 'su-2', 'mu-1', 'mu-2', 'cu-1', 'cu-2'];
networkInContainers('postgres', ['gateway', ...units, 'ur-su', 'ur-mu', 'ur-cu']);
