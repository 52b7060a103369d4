import { MONITOR, NODE, NODES, QUEUED } from './rows.ts';

/**
 * Puts new nodes into their lanes, in one statement: `settled` is what changes at their parent. $1 is the number of this
 * unit, $2 to $18 the columns of the nodes. Gives a row for each new node, or an empty one if there is none; no row if this
 * unit is taken for gone. The row of a unit is locked, so that nobody takes it for gone before they see what it leaves them; that
 * of a lane, so that numbers in it come in the order of commits. Units that hold a lane are told when this is committed.
 */
const add = (settled = '') => `
  WITH me AS (SELECT id AS own FROM units WHERE id = $1 FOR KEY SHARE),
  new AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[],
      $17::text[], $18::bytea[]) WITH ORDINALITY
      AS new (key, parent, kind, state, lane, emitter, target, root, depth, owner, trace, id, error,
        received_at, finished_at, plan, item, place)
  ),
  -- What is dead needs nobody.
  claimed AS (
    INSERT INTO lanes (lane, unit) SELECT DISTINCT new.lane, me.own FROM me, new WHERE new.state = 'received' ORDER BY lane
    ON CONFLICT (lane) DO UPDATE SET lane = excluded.lane RETURNING lane, unit
  ),
  added AS (
    INSERT INTO nodes (unit, key, parent, kind, state, lane, emitter, target, root, depth, owner, trace, id, error,
      received_at, finished_at, plan, item)
    SELECT coalesce(claimed.unit, me.own), key, parent, kind, state, new.lane, emitter, target, root, depth, owner,
      trace, new.id, error, received_at, finished_at, plan, item
    FROM me CROSS JOIN new LEFT JOIN claimed ON claimed.lane = new.lane
    ORDER BY place
    ON CONFLICT (key) DO NOTHING RETURNING ${QUEUED}, unit
  )${settled}
  SELECT ${QUEUED}, unit,
    CASE WHEN unit <> me.own AND state = 'received' THEN pg_notify('unit_' || unit, json_build_array(added)::text) END
  FROM me LEFT JOIN added ON true ORDER BY seq`;

const WAITED_FOR = `(SELECT count(*)::integer AS n FROM added WHERE state = 'received') AS children`;

const oneDelivered = (now: string) => `undelivered = undelivered - 1,
      finished_at = CASE WHEN nodes.state = 'resulted' AND undelivered = 1 THEN ${now} ELSE finished_at END,
      state = CASE WHEN nodes.state = 'resulted' AND undelivered = 1 THEN 'done' ELSE nodes.state END`;

/** Every statement of the ledger in PostgreSQL. All times are Unix ms. */
export const sql = {
  add: add(),
  /** Of the parent $19; the time is $20. */
  addChildren: add(`,
  settled AS (
    UPDATE nodes SET undelivered = undelivered + children.n,
      finished_at = CASE WHEN state = 'resulted' AND undelivered + children.n = 0 THEN $20 ELSE finished_at END,
      state = CASE WHEN state = 'resulted' AND undelivered + children.n = 0 THEN 'done' ELSE state END
    FROM ${WAITED_FOR} WHERE nodes.seq = $19
  )`),
  /** The same, and the parent's result is here. */
  addResult: add(`,
  settled AS (
    UPDATE nodes SET undelivered = undelivered + children.n, resulted_at = coalesce(resulted_at, $20), attempts = 0,
      error = NULL, retry_at = NULL,
      finished_at = CASE WHEN undelivered + children.n = 0 THEN $20::bigint END,
      state = CASE WHEN undelivered + children.n = 0 THEN 'done' ELSE 'resulted' END
    FROM ${WAITED_FOR} WHERE nodes.seq = $19 AND nodes.state IN ('scheduled', 'resulted')
  )`),
  /** A row if the result of something before it in the history of the same process is still to come. */
  earlier: `
    SELECT FROM nodes n WHERE n.seq = $1 AND (
      EXISTS (SELECT FROM nodes e WHERE e.target = n.target AND e.state = 'scheduled' AND e.nonce < n.nonce)
      OR EXISTS (SELECT FROM nodes e WHERE e.id = n.target AND e.kind = 'process' AND e.state = 'scheduled'))`,
  claimLane: `
    INSERT INTO lanes (lane, unit) VALUES ($1, $2)
    ON CONFLICT (lane) DO UPDATE SET lane = excluded.lane RETURNING unit`,
  lockLane: 'SELECT FROM lanes WHERE lane = (SELECT lane FROM nodes WHERE seq = $1) FOR UPDATE',
  releaseLane: `
    DELETE FROM lanes l USING nodes n WHERE n.seq = $1 AND l.lane = n.lane
      AND NOT EXISTS (SELECT FROM nodes o WHERE o.lane = n.lane AND o.state = 'received' AND o.seq <> $1)`,
  notify: `SELECT pg_notify('unit_' || $1, $2)`,
  byKey: `SELECT ${NODE} ${NODES} WHERE n.key = $1`,
  bySeq: `SELECT ${NODE}, n.plan, n.item ${NODES} WHERE n.seq = $1`,
  lock: 'SELECT state FROM nodes WHERE seq = $1 FOR UPDATE',
  toRevive: `
    SELECT seq, lane, state, scheduled_at AS "scheduledAt", plan IS NULL AND item IS NULL AS empty
    FROM nodes WHERE key = $1 FOR UPDATE`,
  built: 'UPDATE nodes SET id = $2, item = $3 WHERE seq = $1 AND item IS NULL AND scheduled_at IS NULL',
  // The scheduler has the bytes now; keeping a second copy would only fill the disk.
  scheduled: `
    WITH scheduled AS (
      UPDATE nodes SET state = $2, id = $3, host = $4, nonce = $5, scheduled_at = $6, attempts = 0, error = NULL,
        retry_at = NULL, finished_at = CASE WHEN $2 = 'done' THEN $6::bigint END, plan = NULL, item = NULL
      WHERE seq = $1 AND scheduled_at IS NULL RETURNING parent
    ), remembered AS (
      INSERT INTO processes (id, scheduler_url, tags) SELECT $3, $7, $8 FROM scheduled WHERE $7::text IS NOT NULL
      ON CONFLICT (id) DO NOTHING
    ), delivered AS (
      UPDATE nodes SET ${oneDelivered('$6')} FROM scheduled WHERE nodes.seq = scheduled.parent
    )
    SELECT FROM scheduled`,
  parentDelivered: `UPDATE nodes SET ${oneDelivered('$2')} WHERE seq = (SELECT parent FROM nodes WHERE seq = $1)`,
  parentWaits: `
    UPDATE nodes SET undelivered = undelivered + 1,
      finished_at = CASE WHEN state = 'done' THEN NULL ELSE finished_at END,
      state = CASE WHEN state = 'done' THEN 'resulted' ELSE state END
    WHERE seq = (SELECT parent FROM nodes WHERE seq = $1)`,
  unsure: `UPDATE nodes SET state = 'unsure' WHERE seq = $1 AND state = 'received'`,
  failed: 'UPDATE nodes SET attempts = attempts + 1, error = $2, retry_at = $3 WHERE seq = $1',
  dead: `UPDATE nodes SET state = 'dead', error = $2, retry_at = NULL, finished_at = $3 WHERE seq = $1`,
  revive: `
    UPDATE nodes SET state = CASE WHEN scheduled_at IS NULL THEN 'received' ELSE 'scheduled' END, unit = $2,
      attempts = 0, error = NULL, finished_at = NULL
    WHERE seq = $1 RETURNING ${QUEUED}`,
  forget: 'DELETE FROM nodes WHERE seq = $1 AND scheduled_at IS NULL',
  prune: 'DELETE FROM nodes WHERE seq IN (SELECT seq FROM nodes WHERE finished_at < $1 LIMIT $2)',
  find: `SELECT ${NODE} ${NODES} WHERE n.id = $1 OR n.key = $1 ORDER BY n.seq LIMIT 1`,
  about: `
    SELECT ${NODE} ${NODES} WHERE (n.target = $1 OR n.id = $1) AND n.kind = $2
    ORDER BY n.seq DESC LIMIT $3 OFFSET $4`,
  counts: `
    SELECT count(*) FILTER (WHERE state IN ('received', 'scheduled')) AS pending,
      count(*) FILTER (WHERE state = 'unsure') AS unsure, count(*) FILTER (WHERE state = 'dead') AS dead
    FROM nodes WHERE state IN ('received', 'unsure', 'scheduled', 'dead')`,
  countCausedBy: 'SELECT count(*) AS n FROM (SELECT FROM nodes WHERE root = $1 LIMIT $2) AS caused',
  tree: `
    WITH RECURSIVE caused (seq) AS (
      SELECT seq FROM nodes WHERE id = $1 OR key = $1
      UNION SELECT child.seq FROM nodes child JOIN caused ON child.parent = caused.seq
    )
    SELECT ${NODE} ${NODES} WHERE n.seq IN (SELECT seq FROM caused) AND n.seq > $2 ORDER BY n.seq LIMIT $3`,
  undelivered: `
    SELECT ${NODE} ${NODES}
    WHERE n.emitter = $1 AND n.state IN ('received', 'dead') AND n.scheduled_at IS NULL AND n.seq > $2
    ORDER BY n.seq LIMIT $3`,
  allDead: `SELECT ${NODE} ${NODES} WHERE n.state = 'dead' AND n.seq > $1 ORDER BY n.seq LIMIT $2`,
  processes: 'SELECT id, scheduler_url, tags FROM processes ORDER BY seq DESC LIMIT $1',
  monitors: `SELECT ${MONITOR} FROM monitors WHERE process_id > $1 COLLATE "C" ORDER BY process_id COLLATE "C" LIMIT $2`,
  monitor: `SELECT ${MONITOR} FROM monitors WHERE process_id = $1`,
  addMonitor: `
    INSERT INTO monitors (process_id, unit) VALUES ($1, $2)
    ON CONFLICT (process_id)
      DO UPDATE SET unit = excluded.unit, ended_at = NULL, failing_since = NULL, failures = 0
      WHERE monitors.ended_at IS NOT NULL`,
  removeMonitor: 'DELETE FROM monitors WHERE process_id = $1',
  advance: `
    UPDATE monitors SET cursor = $2, started = true, failures = 0, error = NULL, failing_since = NULL
    WHERE process_id = $1`,
  monitorFailed: `
    UPDATE monitors SET failures = failures + 1, error = $2, failing_since = coalesce(failing_since, $3),
      ended_at = CASE WHEN failing_since < $4 THEN $3::bigint END
    WHERE process_id = $1 RETURNING ${MONITOR}`,
} as const;
