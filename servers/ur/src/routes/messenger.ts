import { subjectOf } from '../domain/routed-item.ts';
import { byPath, byQuery, byRest, noProcess, processOf, type Routed, type Routes } from './room.ts';

const read = { repeatable: true };

/**
 * What makes a messenger unit send something is repeated at another only if they share a ledger, in which the first one has
 * left its mark. With a ledger each, both would see to the result, and what it causes would be sent twice.
 */
export const messengerRoutes: Routes = (pass, config) => {
  const write = { repeatable: config.REPEAT_WRITES };

  pass('POST', '/', submitted, write);
  pass('POST', '/monitor/:processId', byPath, write);
  pass('DELETE', '/monitor/:processId', byPath, write);
  pass('POST', '/push/:id/:number', byQuery, write);
  pass('POST', '/push-result/:id/:number', byQuery, write);

  pass('GET', '/', traced, read);
  pass('GET', '/outbox/:processId', byPath, read);
  pass('POST', '/audit/:processId', byPath, read);
  // These name an item, or its place in an outbox, and no process.
  pass('GET', '/messages/*', byRest, { ...read, untilKnown: true });
  pass('POST', '/dead/*', byRest, { ...write, untilKnown: true });
};

const submitted = (request: Routed) =>
  request.query.assign === undefined ? subjectOf(request.body) : byQuery(request);

const traced = ({ query }: Routed) => (query.process ? processOf(query.process) : noProcess());
