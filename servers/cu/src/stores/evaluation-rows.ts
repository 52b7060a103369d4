import type { Evaluation } from '../domain/result-store.ts';

/** An evaluation in the table of either engine. */
export interface EvaluationRow {
  process: string;
  nonce: number;
  timestamp: number;
  /** '' for scheduled messages, so that they sort before the cron messages of their place. */
  cron: string;
  block_height: number;
  message_id: string | null;
  assignment_id: string | null;
  digest: string | null;
  status: Evaluation['status'];
  body: Buffer;
}

export function evaluationOf(row: EvaluationRow): Evaluation {
  return {
    processId: row.process,
    nonce: row.nonce,
    timestamp: row.timestamp,
    cron: row.cron === '' ? null : row.cron,
    blockHeight: row.block_height,
    messageId: row.message_id,
    assignmentId: row.assignment_id,
    digest: row.digest,
    status: row.status,
    body: row.body.toString('utf8'),
  };
}

export function rowOf(evaluation: Evaluation): EvaluationRow {
  return {
    process: evaluation.processId,
    nonce: evaluation.nonce,
    timestamp: evaluation.timestamp,
    cron: evaluation.cron ?? '',
    block_height: evaluation.blockHeight,
    message_id: evaluation.messageId,
    assignment_id: evaluation.assignmentId,
    digest: evaluation.digest,
    status: evaluation.status,
    body: Buffer.from(evaluation.body),
  };
}
