export interface NetworkOptions {
  /** Where the state is kept. Without one the network is ephemeral: a temporary folder, removed by `stop`. */
  directory?: string;
  /** Ports to listen on; 0 or absent: any free one. */
  ports?: { gateway?: number; su?: number; cu?: number; mu?: number; ur?: number };
  /** Address to listen on; the default is reached from this machine only. */
  host?: string;
  /**
   * Kind of the keys that are made, the developer's and the units'. `rsa`: RSA-4096, as Arweave's wallets are; takes
   * seconds. `ed25519`: at once, and signs faster; tools that want a wallet of Arweave do not take it.
   */
  keys?: 'rsa' | 'ed25519';
  logLevel?: 'silent' | 'error' | 'warn' | 'info' | 'debug';
  /** Further variables for the units' configuration, by unit. */
  env?: { gateway?: Environment; su?: Environment; cu?: Environment; mu?: Environment; ur?: Environment };
  /** Whether there is a router before the compute unit, as in a network of many machines. */
  router?: boolean;
}

export type Environment = Record<string, string>;
