import { randomUUID } from 'node:crypto';
import { createDataItem, type Signer } from '@ao-ts/core/ans104';
import type { GatewayTransaction } from '@ao-ts/core/schemas';
import type { GatewayClient, UploaderClient } from '@ao-ts/server-kit';
import { type Checkpoint, checkpointTags, readCheckpointTags } from '../domain/checkpoint-tags.ts';
import { untouched } from '../domain/cron-schedule.ts';
import type { Process } from '../domain/process.ts';
import type { StoredSnapshot } from '../domain/snapshot-store.ts';
import { compressMemory, readMemory } from './memory-bytes.ts';

export interface CheckpointOptions {
  gateway: GatewayClient;
  uploader: Pick<UploaderClient, 'upload'>;
  signer: Signer;
  clock: () => number;
  /** Whether this unit makes checkpoints. */
  create: boolean;
  /** A checkpoint is due after so much gas, or so many ms of evaluation … */
  gasThreshold: number;
  timeThresholdMs: number;
  /** … but not within so many ms after the last one. */
  throttleMs: number;
  /** Addresses whose checkpoints are believed; none: those of this unit's own wallet. */
  trustedOwners: readonly string[];
  /** If any of these has made one, no others are looked at. */
  preferredOwners: readonly string[];
  /** Ids of checkpoints, and of processes, that are not to be used. */
  ignored: readonly string[];
  ignoredProcesses: readonly string[];
  /** Bytes. */
  maxMemory: number;
  onFailure(error: unknown, processId: string): void;
}

interface Work {
  gas: number;
  timeMs: number;
  madeAt: number;
}

const CANDIDATES = 50;
const MAX_DOWNLOADS = 5;

/** Memories on Arweave, shared with all compute units that trust each other. */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #unit = randomUUID();
  readonly #work = new Map<string, Work>();

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** A message of the process was evaluated. */
  evaluated(processId: string, gas: number, timeMs: number): void {
    if (!this.#options.create) return;
    const work = this.#work.get(processId) ?? { gas: 0, timeMs: 0, madeAt: Number.NEGATIVE_INFINITY };
    this.#work.set(processId, { ...work, gas: work.gas + gas, timeMs: work.timeMs + timeMs });
  }

  /** Makes a checkpoint of what was just saved, if one is due. Never fails. */
  async consider(process: Process, { snapshot, point }: StoredSnapshot): Promise<void> {
    const { clock, gasThreshold, timeThresholdMs, throttleMs } = this.#options;
    const work = this.#work.get(process.id);
    if (!work || point.nonce < 0) return;
    // Where crons stand is not part of a checkpoint; only right after a message it can be worked out.
    if (point.crons && !untouched(point.crons)) return;
    if (work.gas < gasThreshold && work.timeMs < timeThresholdMs) return;
    if (clock() - work.madeAt < throttleMs) return;
    this.#work.set(process.id, { gas: 0, timeMs: 0, madeAt: clock() });
    try {
      const { gzip, sha256 } = await compressMemory(snapshot);
      const checkpoint: Checkpoint = { processId: process.id, moduleId: process.moduleId, point, sha256 };
      if (await this.#exists(checkpoint)) return;
      const item = await createDataItem(
        { tags: checkpointTags(checkpoint, this.#unit), data: gzip },
        this.#options.signer,
      );
      await this.#options.uploader.upload(item.raw);
    } catch (error) {
      this.#options.onFailure(error, process.id);
    }
  }

  /** The newest memory that is what its tags say. Never fails: without one the process is evaluated from its spawn. */
  async newest(process: Process): Promise<StoredSnapshot | undefined> {
    const { clock, gateway, ignoredProcesses, maxMemory, onFailure, timeThresholdMs } = this.#options;
    if (ignoredProcesses.includes(process.id)) return undefined;
    // Nobody makes a checkpoint of a process as young as this one.
    if (clock() - process.origin.timestamp < timeThresholdMs) return undefined;
    try {
      for (const { id, checkpoint } of (await this.#candidates(process)).slice(0, MAX_DOWNLOADS)) {
        try {
          const snapshot = await readMemory(await gateway.data(id), checkpoint, maxMemory);
          return { snapshot, point: checkpoint.point };
        } catch (error) {
          onFailure(error, process.id);
        }
      }
    } catch (error) {
      onFailure(error, process.id);
    }
    return undefined;
  }

  async #candidates(process: Process) {
    const { gateway, ignored, preferredOwners, signer, trustedOwners } = this.#options;
    const tags = [
      { name: 'Process', value: process.id },
      { name: 'Type', value: 'Checkpoint' },
      { name: 'Data-Protocol', value: 'ao' },
    ];
    const owners = trustedOwners.length > 0 ? trustedOwners : [signer.address];
    const found = await gateway.byTags(tags, CANDIDATES, [...new Set([...owners, ...preferredOwners])]);
    const preferred = found.filter(({ owner }) => preferredOwners.includes(owner.address));
    const usable = (preferred.length > 0 ? preferred : found).flatMap(({ id, tags }: GatewayTransaction) => {
      const checkpoint = ignored.includes(id) ? undefined : readCheckpointTags(tags);
      return checkpoint?.processId === process.id && checkpoint.moduleId === process.moduleId
        ? [{ id, checkpoint }]
        : [];
    });
    return usable.sort((a, b) => b.checkpoint.point.nonce - a.checkpoint.point.nonce);
  }

  async #exists({ processId, point }: Checkpoint): Promise<boolean> {
    const tags = [
      { name: 'Process', value: processId },
      { name: 'Type', value: 'Checkpoint' },
      { name: 'Nonce', value: String(point.nonce) },
      { name: 'Timestamp', value: String(point.timestamp) },
    ];
    const { gateway, signer } = this.#options;
    return (await gateway.byTags(tags, 1, [signer.address])).length > 0;
  }
}
