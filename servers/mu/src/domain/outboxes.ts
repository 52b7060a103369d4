import type { ComputeClient, ProcessDirectory } from '@ao-ts/server-kit';
import { childrenOf } from './children.ts';
import { Gate } from './gate.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerNode, NewNode } from './node.ts';
import { onHyperbeam } from './scheduler.ts';

/** The results of one process come one after the other; a few requests ahead hide the round trip. */
const RESULTS_PER_PROCESS = 8;

interface Ports {
  compute: Pick<ComputeClient, 'result'>;
  directory: ProcessDirectory;
  ledger: Pick<Ledger, 'countCausedBy'>;
  /** Children farther than this from what a client sent are kept back. */
  maxDepth: number;
  /** So many are caused by one root at most; the others are kept back. */
  rootBudget: number | undefined;
  /** Why a child is kept back for another reason. */
  keepBack: KeepBack;
}

export type KeepBack = (child: NewNode) => string | undefined;

/** Whose result, and what its children inherit. */
type Cause = Pick<LedgerNode, 'kind' | 'target' | 'id' | 'nonce' | 'root' | 'trace' | 'depth'>;

/** Asks the Compute Unit for results and reads their outboxes. */
export class Outboxes {
  readonly #ports: Ports;
  readonly #perProcess = new Gate(RESULTS_PER_PROCESS);

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** What the result of something scheduled asks to send. Waits for the evaluation. */
  async causedBy({ kind, target, id, nonce, root, trace, depth }: Cause): Promise<NewNode[]> {
    const { compute, directory, maxDepth, keepBack } = this.#ports;
    const source = id as string;
    const cause = root ?? source;
    const emitter = kind === 'process' ? source : target;
    const { tags: emitterTags } = await directory.find(emitter);
    const asked = nonce !== null && onHyperbeam(emitterTags) ? String(nonce) : source;
    const result = await this.#perProcess.run(emitter, () => compute.result(emitter, asked));
    const children = childrenOf(result, {
      emitter,
      emitterTags,
      source,
      root: cause,
      depth: depth + 1,
      ...(trace === null ? {} : { trace }),
    });
    if (depth + 1 > maxDepth) {
      const error = `Kept back: it is more than ${maxDepth} hops from ${cause}, which caused it`;
      return withReasons(children, () => error);
    }
    return this.#withinBudget(cause, withReasons(children, keepBack));
  }

  // What is recorded at the same time for the same root is not counted: the bound is soft.
  async #withinBudget(root: string, children: NewNode[]): Promise<NewNode[]> {
    const { ledger, rootBudget } = this.#ports;
    if (rootBudget === undefined || children.length === 0) return children;
    let left = rootBudget - (await ledger.countCausedBy(root, rootBudget));
    const error = `Kept back: ${root} has caused ${rootBudget} before it`;
    return withReasons(children, () => (left-- > 0 ? undefined : error));
  }
}

/** The same nodes; those that are kept back are recorded dead, and can be sent later. */
export function withReasons(children: NewNode[], keepBack: KeepBack): NewNode[] {
  return children.map((child) => {
    const error = child.error ?? keepBack(child);
    return error === undefined ? child : { ...child, error };
  });
}
