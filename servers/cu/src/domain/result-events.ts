/** Tells whoever follows a process that new results of it are stored. */
export class ResultEvents {
  readonly #followers = new Map<string, Set<() => void>>();

  notify(processId: string): void {
    const followers = this.#followers.get(processId);
    this.#followers.delete(processId);
    for (const wake of followers ?? []) wake();
  }

  /** Resolves at the next result, or when the signal is aborted. */
  next(processId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const followers = this.#followers.get(processId) ?? new Set();
      this.#followers.set(processId, followers);
      const wake = () => {
        followers.delete(wake);
        if (followers.size === 0 && this.#followers.get(processId) === followers)
          this.#followers.delete(processId);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      followers.add(wake);
      if (signal.aborted) wake();
      else signal.addEventListener('abort', wake);
    });
  }
}
