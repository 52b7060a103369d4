import { networkInContainers } from './suite.ts';

networkInContainers('sqlite', ['gateway', 'su', 'mu', 'cu', 'ur']);
