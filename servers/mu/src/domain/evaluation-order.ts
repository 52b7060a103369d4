interface Place {
  nonce: number;
  /** Set while it waits. */
  wake?: () => void;
}

/** A place in the order of a process. */
export interface Turn {
  /** Settles when everything of the process with a lower nonce has left. */
  first(): Promise<void>;
  leave(): void;
}

/**
 * Lets the results of a process be recorded in the order in which it gave them, though they are fetched side by
 * side: what it sends to one target leaves in that order.
 */
export class EvaluationOrder {
  readonly #places = new Map<string, Place[]>();

  /** Without a nonce (a scheduler that does not tell it), in the order of arrival behind those that have one. */
  enter(processId: string, nonce = Number.POSITIVE_INFINITY): Turn {
    const places = this.#places.get(processId) ?? [];
    this.#places.set(processId, places);
    const place: Place = { nonce };
    const behind = places.findIndex((other) => other.nonce > nonce);
    places.splice(behind === -1 ? places.length : behind, 0, place);
    return {
      // Looked at again after each wait: somebody may have come in front meanwhile.
      first: async () => {
        while (places[0] !== place) {
          await new Promise<void>((resolve) => {
            place.wake = resolve;
          });
        }
      },
      leave: () => this.#leave(processId, place),
    };
  }

  #leave(processId: string, place: Place): void {
    const places = this.#places.get(processId) ?? [];
    const index = places.indexOf(place);
    if (index !== -1) places.splice(index, 1);
    if (places.length === 0) this.#places.delete(processId);
    places[0]?.wake?.();
  }
}
