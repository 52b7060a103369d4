import { subjectOf } from '../domain/routed-item.ts';
import { noProcess, processOf, type Routed, type Routes } from './room.ts';

const read = { repeatable: true };
/** A second scheduler would refuse what the first one has taken; messengers find out by themselves how it is. */
const write = { repeatable: false };

/** Scheduler units that share a database. (Where each has its own, a scheduler in router mode knows which has what.) */
export const schedulerRoutes: Routes = (pass) => {
  pass('POST', '/', submitted, write);
  pass('GET', '/', named, read);
  pass('GET', '/timestamp', named, read);
  pass('GET', '/processes/:id', named, read);
  pass('GET', '/:id', named, read);
  pass('GET', '/:id/latest', named, read);
};

const submitted = ({ query, body }: Routed) =>
  query.assign === undefined ? subjectOf(body) : processOf(query['process-id']);

const named = ({ query, params }: Routed) => {
  const processId = query['process-id'] || params.id;
  return processId ? processOf(processId) : noProcess();
};
