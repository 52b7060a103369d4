import { parentPort, workerData } from 'node:worker_threads';
import { toFailure } from '../thread-failure.ts';
import { connect } from './database.ts';
import { type Order, SqliteOrders } from './sqlite-orders.ts';

// The entry of the writing thread: lists of orders come in, the list of what went wrong goes out; nothing ends it.

const db = connect(workerData as string);
const orders = new SqliteOrders(db);

parentPort?.on('message', (list: Order[] | undefined) => {
  if (list === undefined) {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(orders.commit(list).map((error) => error && toFailure(error)));
});
