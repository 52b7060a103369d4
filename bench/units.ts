import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createDataItem, type DataItem, ethereumSigner, type Signer, type Tag } from '@ao-ts/core/ans104';
import { moduleBinary, moduleTags } from '@ao-ts/lua';
import { ComputeClient, HttpClient, readSigner, SchedulerClient, UploaderClient } from '@ao-ts/server-kit';
import { type UnitName, UnitProcess } from '../packages/network/test/unit-process.ts';
import { freePorts } from '../packages/server-kit/test/free-ports.ts';

const PROTOCOL = { 'Data-Protocol': 'ao', Variant: 'ao.TN.1' };
const tagList = (tags: Record<string, string>): Tag[] =>
  Object.entries(tags).map(([name, value]) => ({ name, value }));

export interface UnitsOptions {
  /** Private key (JWK) of the units. */
  key: object;
  /** Who signs as a client; a cheap key, unless the scheduler's checking of it is what is measured. */
  client?: Signer;
  /** More variables, by unit. */
  env?: Partial<Record<UnitName, Record<string, string>>>;
}

/** The units as programs of their own, as they run in earnest; the benchmark is their only client. */
export class Units implements AsyncDisposable {
  readonly http = new HttpClient({ connections: 256 });
  readonly gateway: string;
  readonly su: string;
  readonly cu: string;
  readonly mu: string;
  readonly scheduler: SchedulerClient;
  readonly compute: ComputeClient;
  readonly #directory: string;
  readonly #units: Record<UnitName, UnitProcess>;
  readonly #client: Signer;
  #address = '';
  #module = '';

  private constructor(directory: string, ports: readonly number[], options: UnitsOptions) {
    const [gateway = '', su = '', cu = '', mu = ''] = ports.map((port) => `http://127.0.0.1:${port}`);
    const common = (name: UnitName, url: string) => ({
      PORT: new URL(url).port,
      DATA_DIR: join(directory, name),
      DB_URL: join(directory, `${name}.sqlite`),
      GATEWAY_URL: gateway,
      UPLOADER_URL: gateway,
      SU_URL: su,
      ...options.env?.[name],
    });
    const key = join(directory, 'key.json');
    this.#directory = directory;
    this.#client = options.client ?? ethereumSigner(randomBytes(32));
    this.gateway = gateway;
    this.su = su;
    this.cu = cu;
    this.mu = mu;
    this.scheduler = new SchedulerClient(this.http, su);
    this.compute = new ComputeClient(this.http, cu);
    this.#units = {
      gateway: new UnitProcess('gateway', gateway, common('gateway', gateway)),
      su: new UnitProcess('su', su, { UPLOAD_NODE_URL: gateway, ...common('su', su), SU_WALLET_PATH: key }),
      cu: new UnitProcess('cu', cu, { ...common('cu', cu), WALLET_FILE: key }),
      mu: new UnitProcess('mu', mu, { ...common('mu', mu), CU_URL: cu, PATH_TO_WALLET: key }),
    };
  }

  static async start(names: readonly UnitName[], options: UnitsOptions): Promise<Units> {
    const directory = await mkdtemp(join(tmpdir(), 'ao-bench-'));
    const units = new Units(directory, await freePorts(4), options);
    try {
      await writeFile(join(directory, 'key.json'), JSON.stringify(options.key));
      units.#address = (await readSigner(join(directory, 'key.json'))).address;
      for (const name of names) await units.#units[name].start();
      const module = await createDataItem({ tags: moduleTags, data: await moduleBinary() }, units.#client);
      units.#module = await new UploaderClient(units.http, units.gateway).upload(module.raw);
      return units;
    } catch (error) {
      await units[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends a unit and starts it again. */
  async restart(name: UnitName, signal: NodeJS.Signals): Promise<void> {
    await this.#units[name].end(signal);
    await this.#units[name].start();
  }

  /** Resident memory of a unit, in MB. */
  async residentMegabytes(name: UnitName): Promise<number> {
    const status = await readFile(`/proc/${this.#units[name].pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  /** Processor time a unit has used, in ms. */
  async processorMs(name: UnitName): Promise<number> {
    const status = await readFile(`/proc/${this.#units[name].pid}/stat`, 'utf8');
    // After the name, which may hold spaces: fields 14 and 15, in hundredths of a second.
    const [user, system] = status
      .slice(status.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  }

  /** The value of a series that a unit shows without labels. */
  async metric(unit: string, series: string): Promise<number> {
    const text = String((await this.http.send(`${unit}/metrics`)).body);
    return Number(new RegExp(`^${series} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** Starts a process with this Lua program and waits until it has booted. */
  async spawn(source: string): Promise<string> {
    const id = await this.register(source);
    const { Error: failed } = await this.compute.result(id, id);
    if (failed) throw new Error(String(failed));
    return id;
  }

  /** Schedules a process and does not wait for it to boot. */
  async register(source: string): Promise<string> {
    const tags = tagList({
      ...PROTOCOL,
      Type: 'Process',
      Module: this.#module,
      Scheduler: this.#address,
      Authority: this.#address,
      'On-Boot': 'Data',
    });
    const item = await createDataItem({ anchor: randomBytes(32), tags, data: source }, this.#client);
    await this.scheduler.schedule(item.raw);
    return item.id;
  }

  messages(
    target: string,
    count: number,
    tags: (index: number) => Record<string, string>,
    data = ' ',
  ): Promise<DataItem[]> {
    return Promise.all(
      Array.from({ length: count }, (_, index) =>
        createDataItem(
          {
            target,
            anchor: randomBytes(32),
            tags: tagList({ ...PROTOCOL, Type: 'Message', ...tags(index) }),
            data,
          },
          this.#client,
        ),
      ),
    );
  }

  /** Schedules items, `lanes` at a time. */
  schedule(items: readonly DataItem[], lanes = 64): Promise<void> {
    return inLanes(items, lanes, async (item) => void (await this.scheduler.schedule(item.raw)));
  }

  /** Resolves when the scheduler has uploaded all it has, so that the uploads take no time from what is measured next. */
  async uploaded(): Promise<void> {
    while ((await this.metric(this.su, 'su_uploads_pending')) > 0) await delay(100);
  }

  /** Posts items to the messenger unit, or to what stands before it. */
  post(items: readonly DataItem[], lanes = 64, url = this.mu): Promise<void> {
    return inLanes(items, lanes, async (item) => {
      const headers = { 'content-type': 'application/octet-stream' };
      const { status, body } = await this.http.send(url, { method: 'POST', headers, body: item.raw });
      if (status !== 202) throw new Error(`${status}: ${body}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const unit of Object.values(this.#units)) await unit.end('SIGKILL');
    await this.http.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Does the work on all items, in order, so many at a time. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
