import { AoError } from '@ao-ts/core';
import { perMinute, type RateLimit } from '@ao-ts/server-kit';

export interface AdmissionRules {
  /** Requests a minute; undefined for any number. */
  perWallet?: number | undefined;
  perIp?: number | undefined;
  perProcess?: number | undefined;
  /** If there are any, only these processes are served. */
  allowedProcesses: readonly string[];
  deniedProcesses: readonly string[];
  deniedWallets: readonly string[];
  /** Values of `From-Process` that no client may claim. */
  deniedFromProcess: readonly string[];
}

/** Who asks for what. */
export interface Applicant {
  ip: string;
  wallet?: string;
  /** The process that is written to; absent for a spawn. */
  process?: string;
  fromProcess?: string | undefined;
}

/** Decides whether a client's request is served at all. */
export class Admission {
  readonly #rules: AdmissionRules;
  readonly #limits: { of: (applicant: Applicant) => string | undefined; limit: RateLimit }[];

  constructor(rules: AdmissionRules, clock: () => number) {
    this.#rules = rules;
    const limits = [
      { most: rules.perIp, of: ({ ip }: Applicant) => ip },
      { most: rules.perWallet, of: ({ wallet }: Applicant) => wallet },
      { most: rules.perProcess, of: ({ process }: Applicant) => process },
    ];
    this.#limits = limits.flatMap(({ most, of }) => {
      const limit = perMinute(most, clock);
      return limit ? { of, limit } : [];
    });
  }

  /** @throws AoError `ACCESS.DENIED`, `RATE.LIMITED` */
  check(applicant: Applicant): void {
    const { process = '', wallet = '', fromProcess = '' } = applicant;
    const { allowedProcesses, deniedProcesses, deniedWallets, deniedFromProcess } = this.#rules;
    const listed = allowedProcesses.length === 0 || process === '' || allowedProcesses.includes(process);
    if (!listed || deniedProcesses.includes(process)) {
      throw denied('Forbidden, process not whitelisted', { process });
    }
    if (deniedWallets.includes(wallet)) throw denied('Forbidden, wallet not served here', { wallet });
    if (deniedFromProcess.includes(fromProcess)) throw denied('Invalid From-Process value.', { fromProcess });
    for (const { of, limit } of this.#limits) {
      const key = of(applicant);
      if (key !== undefined) limit.take(key);
    }
  }
}

function denied(message: string, facts: Record<string, string>): AoError {
  return new AoError('ACCESS.DENIED', message, { action: 'never', facts });
}
