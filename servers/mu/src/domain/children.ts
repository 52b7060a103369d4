import { errorMessage } from '@ao-ts/core';
import type { Tag } from '@ao-ts/core/ans104';
import { type EvaluationResult, Id, OutboxAssignment, OutboxMessage, OutboxSpawn } from '@ao-ts/core/schemas';
import { z } from 'zod';
import { assignRequest, messagePlan, spawnPlan } from './child-items.ts';
import type { NewNode } from './node.ts';

/** Where an outbox came from. */
export interface Origin {
  emitter: string;
  /** Tags of the process that emitted. */
  emitterTags: readonly Tag[];
  /** Id of the message, assignment or spawn that was evaluated, or the cursor of a cron result. */
  source: string;
  root?: string;
  trace?: string;
  /** Of the children. */
  depth: number;
}

type Outbox = Pick<EvaluationResult, 'Messages' | 'Spawns' | 'Assignments'>;
type Base = Pick<NewNode, 'key' | 'kind' | 'root' | 'trace' | 'depth'> & { emitter: string };

/**
 * The nodes for the entries of an outbox: messages, spawns, assignments. An entry that is not well-formed
 * becomes a dead node that says why, and costs only itself.
 */
export function childrenOf(outbox: Outbox, origin: Origin): NewNode[] {
  const nodes = (entries: unknown[], kind: NewNode['kind'], read: typeof readMessage) =>
    entries.flatMap((entry, index) => {
      const base: Base = {
        key: entryKey(origin, kind, index),
        kind,
        emitter: origin.emitter,
        depth: origin.depth,
        ...(origin.root === undefined ? {} : { root: origin.root }),
        ...(origin.trace === undefined ? {} : { trace: origin.trace }),
      };
      try {
        return read(entry, base, origin);
      } catch (error) {
        return [{ ...base, lane: base.key, target: '', error: `This entry can not be sent: ${why(error)}` }];
      }
    });
  return [
    ...nodes(outbox.Messages, 'message', readMessage),
    ...nodes(outbox.Spawns, 'process', readSpawn),
    ...nodes(outbox.Assignments, 'assignment', readAssignment),
  ];
}

/** The key of an entry of an outbox. An assignment has one node per process, whose keys begin with it. */
export function entryKey(
  { emitter, source }: Pick<Origin, 'emitter' | 'source'>,
  kind: NewNode['kind'],
  index: number,
): string {
  return `${emitter}/${source}/${kind}/${index}`;
}

/** An entry may be wrong in thousands of places; who mends the first ones knows what to do. */
const MOST_ISSUES = 5;

const Addressed = OutboxMessage.extend({ Target: Id });
const Assignments = z.object({ Assignments: z.array(Id) });
const Assignment = OutboxAssignment.extend({ Processes: z.array(Id), Message: Id });

function readMessage(entry: unknown, base: Base, origin: Origin): NewNode[] {
  const { rest, assignTo } = assignRequest(entry);
  const message = Addressed.parse(rest);
  const plan = messagePlan(message, origin, base.key);
  if (assignTo.length > 0) plan.assignTo = Assignments.parse({ Assignments: assignTo }).Assignments;
  return [{ ...base, lane: laneOf(base.emitter, message.Target), target: message.Target, plan }];
}

function readSpawn(entry: unknown, base: Base, origin: Origin): NewNode[] {
  return [{ ...base, lane: base.key, target: '', plan: spawnPlan(OutboxSpawn.parse(entry), origin) }];
}

function readAssignment(entry: unknown, base: Base): NewNode[] {
  const { Processes, Message, BaseLayer, Exclude = [] } = Assignment.parse(entry);
  const plan = {
    messageId: Message,
    baseLayer: BaseLayer !== undefined && BaseLayer !== false && BaseLayer !== 'false',
    exclude: Exclude,
  };
  return [...new Set(Processes)].map((target) => assignmentNode(base, target, plan));
}

/** The node that assigns something to one process. */
export function assignmentNode(
  base: Pick<NewNode, 'key' | 'emitter' | 'root' | 'trace' | 'depth'>,
  target: string,
  plan: { messageId: string; baseLayer: boolean; exclude: string[] },
): NewNode {
  const key = `${base.key}/${target}`;
  const lane = base.emitter === undefined ? key : laneOf(base.emitter, target);
  return { ...base, key, kind: 'assignment', lane, target, plan };
}

/** What one process sends to one target arrives in the order it was sent. */
export function laneOf(emitter: string, target: string): string {
  return `${emitter}>${target}`;
}

function why(error: unknown): string {
  if (!(error instanceof z.ZodError)) return errorMessage(error);
  const { issues } = error;
  const told = issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  const rest = issues.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more of this kind`] : [])].join('; ');
}
