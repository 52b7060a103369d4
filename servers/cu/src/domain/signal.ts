/** Lets one waiter sleep until somebody says that something changed. */
export class Signal {
  #wake: (() => void) | undefined;

  notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
