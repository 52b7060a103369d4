import { byPath, byQuery, noProcess, type Routes } from './room.ts';

/** Whatever a compute unit is asked, another can be asked as well: none of it leaves a trace. */
const read = { repeatable: true };

export const computeRoutes: Routes = (pass) => {
  pass('GET', '/', noProcess, read);
  pass('GET', '/result/:id', byQuery, read);
  pass('POST', '/dry-run', byQuery, read);
  pass('GET', '/results/:processId', byPath, read);
  pass('GET', '/results/:processId/stream', byPath, read);
  pass('GET', '/state/:processId', byPath, read);
  pass('GET', '/cron/:processId', byPath, read);
};
