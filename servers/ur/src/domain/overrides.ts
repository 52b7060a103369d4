/** What decides where a process is served, beside its id. */
export interface ProcessFacts {
  /** Address of who signed it. */
  owner: string | undefined;
  /** Its `From-Module` tag: the module of the process that spawned it. */
  fromModule: string | undefined;
}

/** Base URLs by what they are for; they need not be in the list of hosts. */
export interface Overrides {
  byProcess: ReadonlyMap<string, string>;
  byOwner: ReadonlyMap<string, string>;
  byFromModule: ReadonlyMap<string, string>;
}

/** The host that serves this process by order of the operator, if any: by its id, its owner, its From-Module. */
export async function overriddenHost(
  { byProcess, byOwner, byFromModule }: Overrides,
  processId: string,
  facts: () => Promise<ProcessFacts | undefined> | ProcessFacts,
): Promise<string | undefined> {
  const named = byProcess.get(processId);
  if (named !== undefined || byOwner.size + byFromModule.size === 0) return named;
  const { owner, fromModule } = (await facts()) ?? {};
  return byOwner.get(owner ?? '') ?? byFromModule.get(fromModule ?? '');
}
