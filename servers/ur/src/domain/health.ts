/** What a check of a host found. */
export type Finding = 'ready' | 'unready' | 'silent';

export interface HealthOptions {
  hosts: readonly string[];
  /** Asks a host how it is; never rejects. */
  check: (host: string) => Promise<Finding>;
  intervalMs: number;
  onChange: (host: string, up: boolean) => void;
}

/** A host that is only slow to answer keeps its processes: what it has in memory is costly to build elsewhere. */
const SILENCES = 3;

/** Which hosts are up, by what checks find and what requests run into. A host is up until something says otherwise. */
export class Health {
  readonly #options: HealthOptions;
  readonly #down = new Set<string>();
  readonly #silences = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** Hosts that are up. */
  get up(): number {
    return this.#options.hosts.length - this.#down.size;
  }

  /** The same hosts, those that are up first: one that is down is the last resort, not out of the question. */
  upFirst(hosts: readonly string[]): string[] {
    if (this.#down.size === 0) return [...hosts];
    return [
      ...hosts.filter((host) => !this.#down.has(host)),
      ...hosts.filter((host) => this.#down.has(host)),
    ];
  }

  /** A request could not reach the host, or was told that it is going down. The next check may find it up again. */
  failed(host: string): void {
    this.#set(host, false);
  }

  start(): void {
    void Promise.all(this.#options.hosts.map((host) => this.#check(host))).then(() => {
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.start(), this.#options.intervalMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #check(host: string): Promise<void> {
    const finding = await this.#options.check(host);
    if (this.#stopped) return;
    const silences = finding === 'silent' ? (this.#silences.get(host) ?? 0) + 1 : 0;
    this.#silences.set(host, silences);
    if (finding === 'ready') this.#set(host, true);
    else if (finding === 'unready' || silences >= SILENCES) this.#set(host, false);
  }

  #set(host: string, up: boolean): void {
    if (!this.#options.hosts.includes(host) || up !== this.#down.has(host)) return;
    if (up) this.#down.delete(host);
    else this.#down.add(host);
    this.#options.onChange(host, up);
  }
}
