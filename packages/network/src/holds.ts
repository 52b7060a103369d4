import type { Tag } from '@ao-ts/core/ans104';
import type { ItemPlan, NewNode } from '@ao-ts/mu';

/** What a process sends, as the messenger unit has it before it is signed. */
export interface Sent {
  kind: 'message' | 'process' | 'assignment';
  /** The process that sends it. */
  from: string;
  /** The process or wallet it is for; empty for a new process. */
  target: string;
  tags: Tag[];
  data: string;
}

/** Something that waits at the messenger unit, and is lost if it is never released. */
export interface HeldMessage extends Sent {
  /** Has it delivered, and waits until it and all that it causes have arrived. */
  release(): Promise<void>;
}

/** Holds back what processes send from now on, until it ends. */
export interface Hold {
  /** In the order in which it was sent. */
  readonly messages: readonly HeldMessage[];
  /** Lets go what is sent from now on; what is held stays so until it is released. */
  end(): void;
}

type Filter = (sent: Sent) => boolean;

/** The holds of a network; the messenger unit asks them about everything that a process sends. */
export class Holds {
  readonly #active = new Set<(node: NewNode) => boolean>();

  /** `release` has the node with that key delivered. */
  begin(filter: Filter, release: (key: string) => Promise<void>): Hold {
    const held = new Map<string, HeldMessage>();
    const take = (node: NewNode): boolean => {
      const sent = sentBy(node);
      // The messenger may ask again about what it could not record.
      if (!held.has(node.key) && !filter(sent)) return false;
      if (!held.has(node.key)) held.set(node.key, { ...sent, release: () => release(node.key) });
      return true;
    };
    this.#active.add(take);
    return {
      get messages() {
        return [...held.values()];
      },
      end: () => {
        this.#active.delete(take);
      },
    };
  }

  /** Why the messenger unit keeps a node back; undefined lets it go. */
  readonly reason = (node: NewNode): string | undefined =>
    [...this.#active].some((take) => take(node)) ? 'Held back by the test' : undefined;
}

function sentBy({ kind, emitter = '', target, plan }: NewNode): Sent {
  const { tags = [], data = '' } = (plan ?? {}) as Partial<ItemPlan>;
  return { kind, from: emitter, target, tags, data };
}
