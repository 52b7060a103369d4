import type { Place, ResultQuery } from '../domain/result-store.ts';

/** A migration of both engines. Indexes of whole ids are large, and slow to add to: these hold the beginning. */
export const shortIdIndexes = `
  DROP INDEX evaluations_message;
  DROP INDEX evaluations_assignment;
  DROP INDEX evaluations_digest;
  CREATE INDEX evaluations_message ON evaluations (substr(message_id, 1, 8)) WHERE message_id IS NOT NULL;
  CREATE INDEX evaluations_assignment ON evaluations (substr(assignment_id, 1, 8)) WHERE assignment_id IS NOT NULL;
  CREATE INDEX evaluations_digest ON evaluations (substr(digest, 1, 8)) WHERE digest IS NOT NULL;
  `;

/** Finds by the index, and makes sure of the rest of the id. */
const idIs = (column: string) =>
  `${column} = $1 AND substr(${column}, 1, 8) = substr($1, 1, 8) AND process = $2`;

/** What both engines are asked in the same words. */
export const sql = {
  find: `SELECT * FROM evaluations WHERE ${idIs('message_id')}
    UNION ALL SELECT * FROM evaluations WHERE ${idIs('assignment_id')}
    ORDER BY nonce LIMIT 1`,
  at: `SELECT * FROM evaluations WHERE process = $1 AND nonce = $2 AND cron = ''`,
  newest: `SELECT max(nonce) AS nonce FROM evaluations WHERE process = $1 AND cron = ''`,
  byMessage: `SELECT 1 AS found FROM evaluations
    WHERE ${idIs('message_id')} AND nonce < $3 AND status <> 'duplicate' LIMIT 1`,
  byDigest: `SELECT 1 AS found FROM evaluations
    WHERE ${idIs('digest')} AND nonce < $3 AND status <> 'duplicate' LIMIT 1`,
};

/** The list of results that a query asks for. */
export function listStatement({ processId, only, from, to, descending, limit }: ResultQuery): {
  text: string;
  values: (string | number)[];
} {
  const values: (string | number)[] = [processId];
  const put = (value: string | number) => `$${values.push(value)}`;
  const where = ['process = $1', `status = 'ok'`];
  if (only === 'cron') where.push(`cron <> ''`);
  const bound = ({ timestamp, nonce, cron }: Place, comparison: '>' | '>=' | '<=') => {
    where.push(
      nonce === undefined
        ? `timestamp ${comparison} ${put(timestamp)}`
        : `(timestamp, nonce, cron) ${comparison} (${put(timestamp)}, ${put(nonce)}, ${put(cron ?? '')})`,
    );
  };
  if (from) bound(from, from.nonce === undefined ? '>=' : '>');
  if (to) bound(to, '<=');
  const order = descending ? 'DESC' : 'ASC';
  const text = `SELECT * FROM evaluations WHERE ${where.join(' AND ')}
    ORDER BY timestamp ${order}, nonce ${order}, cron ${order} LIMIT ${put(limit)}`;
  return { text, values };
}
