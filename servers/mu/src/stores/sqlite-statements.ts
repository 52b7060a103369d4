import type { Sqlite } from '@ao-ts/server-kit';
import type { Statement } from 'better-sqlite3';
import { MONITOR, NODE, NODES, QUEUED } from './rows.ts';

export type Statements = ReturnType<typeof prepare>;

// Named here, so that the declarations of this file can name it.
export interface Query extends Statement {}

/** Every statement of the ledger. All times are Unix ms. */
export function prepare(db: Sqlite) {
  const prepared = (sql: string): Query => db.prepare(sql);
  return {
    insert: prepared(`
      INSERT INTO nodes (key, parent, kind, state, lane, emitter, target, root, depth, owner, trace, id, error,
        received_at, finished_at, plan, item)
      VALUES (@key, @parent, @kind, @state, @lane, @emitter, @target, @root, @depth, @owner, @trace, @id, @error,
        @received_at, @finished_at, @plan, @item)
      ON CONFLICT (key) DO NOTHING`),
    byKey: prepared(`SELECT ${NODE} ${NODES} WHERE n.key = ?`),
    toRevive: prepared(`
      SELECT seq, state, scheduled_at AS "scheduledAt", plan IS NULL AND item IS NULL AS empty
      FROM nodes WHERE key = ?`),
    bySeq: prepared(`SELECT ${NODE}, n.plan, n.item ${NODES} WHERE n.seq = ?`),
    built: prepared(`
      UPDATE nodes SET id = @id, item = @item WHERE seq = @seq AND item IS NULL AND scheduled_at IS NULL`),
    // The scheduler has the bytes now; keeping a second copy would only fill the disk.
    scheduled: prepared(`
      UPDATE nodes SET state = @state, id = @id, host = @host, nonce = @nonce, scheduled_at = @now,
        attempts = 0, error = NULL, retry_at = NULL, finished_at = NULL, plan = NULL, item = NULL
      WHERE seq = @seq AND scheduled_at IS NULL`),
    resulted: prepared(`
      UPDATE nodes SET state = 'resulted', resulted_at = @now, attempts = 0, error = NULL, retry_at = NULL
      WHERE seq = @seq AND state = 'scheduled'`),
    settle: prepared(`
      UPDATE nodes SET undelivered = undelivered + @added,
        finished_at = CASE WHEN state = 'resulted' AND undelivered + @added = 0 THEN @now ELSE finished_at END,
        state = CASE WHEN state = 'resulted' AND undelivered + @added = 0 THEN 'done' ELSE state END
      WHERE seq = @seq`),
    parentDelivered: prepared(`
      UPDATE nodes SET undelivered = undelivered - 1,
        finished_at = CASE WHEN state = 'resulted' AND undelivered = 1 THEN @now ELSE finished_at END,
        state = CASE WHEN state = 'resulted' AND undelivered = 1 THEN 'done' ELSE state END
      WHERE seq = (SELECT parent FROM nodes WHERE seq = @seq)`),
    parentWaits: prepared(`
      UPDATE nodes SET undelivered = undelivered + 1,
        finished_at = CASE WHEN state = 'done' THEN NULL ELSE finished_at END,
        state = CASE WHEN state = 'done' THEN 'resulted' ELSE state END
      WHERE seq = (SELECT parent FROM nodes WHERE seq = @seq)`),
    unsure: prepared(`UPDATE nodes SET state = 'unsure' WHERE seq = @seq AND state = 'received'`),
    failed: prepared(
      'UPDATE nodes SET attempts = attempts + 1, error = @error, retry_at = @retryAt WHERE seq = @seq',
    ),
    dead: prepared(`
      UPDATE nodes SET state = 'dead', error = @error, retry_at = NULL, finished_at = @now WHERE seq = @seq`),
    revive: prepared(`
      UPDATE nodes SET state = CASE WHEN scheduled_at IS NULL THEN 'received' ELSE 'scheduled' END,
        attempts = 0, error = NULL, finished_at = NULL
      WHERE seq = @seq RETURNING ${QUEUED}`),
    forget: prepared(`DELETE FROM nodes WHERE seq = @seq AND scheduled_at IS NULL`),
    find: prepared(`SELECT ${NODE} ${NODES} WHERE n.id = @id OR n.key = @id ORDER BY n.seq LIMIT 1`),
    about: prepared(`
      SELECT ${NODE} ${NODES} WHERE (n.target = @processId OR n.id = @processId) AND n.kind = @kind
      ORDER BY n.seq DESC LIMIT @limit OFFSET @offset`),
    prune: prepared(`
      DELETE FROM nodes WHERE seq IN (SELECT seq FROM nodes WHERE finished_at < @before LIMIT @limit)`),
    unfinished: prepared(`
      SELECT ${QUEUED} FROM nodes WHERE state IN ('received', 'unsure', 'scheduled') ORDER BY seq`),
    counts: prepared(`
      SELECT coalesce(sum(state IN ('received', 'scheduled')), 0) AS pending,
        coalesce(sum(state = 'unsure'), 0) AS unsure, coalesce(sum(state = 'dead'), 0) AS dead
      FROM nodes WHERE state IN ('received', 'unsure', 'scheduled', 'dead')`),
    countCausedBy: prepared('SELECT count(*) AS n FROM (SELECT 1 FROM nodes WHERE root = ? LIMIT ?)'),
    tree: prepared(`
      WITH RECURSIVE caused (seq) AS (
        SELECT seq FROM nodes WHERE id = @id OR key = @id
        UNION SELECT child.seq FROM nodes child JOIN caused ON child.parent = caused.seq
      )
      SELECT ${NODE} ${NODES} WHERE n.seq IN caused AND n.seq > @after ORDER BY n.seq LIMIT @limit`),
    undelivered: prepared(`
      SELECT ${NODE} ${NODES}
      WHERE n.emitter = @emitter AND n.state IN ('received', 'dead') AND n.scheduled_at IS NULL AND n.seq > @after
      ORDER BY n.seq LIMIT @limit`),
    allDead: prepared(`
      SELECT ${NODE} ${NODES} WHERE n.state = 'dead' AND n.seq > @after ORDER BY n.seq LIMIT @limit`),
    remember: prepared(`
      INSERT INTO processes (id, scheduler_url, tags) VALUES (@id, @url, @tags) ON CONFLICT (id) DO NOTHING`),
    processes: prepared('SELECT id, scheduler_url, tags FROM processes ORDER BY rowid DESC LIMIT ?'),
    alive: prepared('SELECT process_id AS id FROM monitors WHERE ended_at IS NULL'),
    monitors: prepared(`
      SELECT ${MONITOR} FROM monitors WHERE process_id > @after ORDER BY process_id LIMIT @limit`),
    monitor: prepared(`SELECT ${MONITOR} FROM monitors WHERE process_id = ?`),
    addMonitor: prepared(`
      INSERT INTO monitors (process_id) VALUES (?)
      ON CONFLICT (process_id) DO UPDATE SET ended_at = NULL, failing_since = NULL, failures = 0
      WHERE ended_at IS NOT NULL`),
    removeMonitor: prepared('DELETE FROM monitors WHERE process_id = ?'),
    advance: prepared(`
      UPDATE monitors SET cursor = @cursor, started = 1, failures = 0, error = NULL, failing_since = NULL
      WHERE process_id = @processId`),
    monitorFailed: prepared(`
      UPDATE monitors SET failures = failures + 1, error = @error, failing_since = coalesce(failing_since, @now),
        ended_at = CASE WHEN failing_since < @endBefore THEN @now END
      WHERE process_id = @processId RETURNING ${MONITOR}`),
  };
}
