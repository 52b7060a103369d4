import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { AoError } from '@ao-ts/core';
import type { Snapshot } from '@ao-ts/core/loader';
import {
  type Command,
  errorData,
  errorFrom,
  type FileAnswer,
  type Report,
  type ThreadData,
} from './protocol.ts';
import { RemoteDrive } from './remote-drive.ts';
import { Resident, type ResidentPorts } from './resident.ts';

const residents = new Map<number, Resident>();
const booted = new Map<string, Snapshot>();
/** Waking the main thread costs as much as a small evaluation, so outcomes that nobody waits for go together. */
const MAX_HELD_MS = 2;
let held: Report[] = [];
let heldSince = 0;

function hold(report: Report): void {
  if (held.length === 0) heldSince = performance.now();
  held.push(report);
}

function release(moved: ArrayBuffer[] = []): void {
  if (held.length > 0) parentPort?.postMessage(held, moved);
  held = [];
}

/** By itself, when all before it has been dealt with. */
function post(report: Report): void {
  release();
  hold(report);
  release();
}

parentPort?.on('message', (commands: Command[]) => {
  for (const command of commands) {
    work(command);
    const mayWait = command.kind === 'apply' && !command.urgent;
    if (!mayWait || performance.now() - heldSince > MAX_HELD_MS) release();
    tidy(command.resident);
  }
  release();
});

function work(command: Command): void {
  try {
    const value = run(command);
    hold({ kind: 'done', value });
    if (value instanceof Uint8Array) release([value.buffer as ArrayBuffer]);
  } catch (error) {
    hold({ kind: 'failed', error: errorData(error) });
  }
  Atomics.add((workerData as ThreadData).finished, 0, 1);
}

function tidy(resident: number): void {
  try {
    residents.get(resident)?.tidy();
  } catch {
    // The process can not go on from here: whoever asks for it next is told, and brings it to life again.
    residents.delete(resident);
  }
}

function run(command: Command): unknown {
  if (command.kind === 'open') {
    const { resident, spec, snapshots } = command;
    const ports: ResidentPorts = {
      booted,
      alive: () => post({ kind: 'alive' }),
      drive: new RemoteDrive((path, blockHeight) => fetchFile(resident, path, blockHeight)),
    };
    if (snapshots) ports.snapshot = (step, change) => post({ kind: 'snapshot', resident, step, change });
    residents.set(resident, new Resident(spec, ports));
    return undefined;
  }
  if (command.kind === 'close') return residents.delete(command.resident);
  const resident = residents.get(command.resident);
  if (!resident)
    throw new AoError('EVAL.LOST', 'The process does not live in this thread.', { action: 'retry' });
  if (command.kind === 'apply') return resident.apply(command.step, command.message);
  if (command.kind === 'peek') return resident.peek(command.message);
  if (command.kind === 'snapshot') return resident.snapshot();
  if (command.kind === 'follow') return resident.follow(command.step, command.change);
  return resident.memory();
}

function fetchFile(resident: number, path: string, blockHeight: number): Uint8Array | undefined {
  const { files, answered } = workerData as ThreadData;
  Atomics.store(answered, 0, 0);
  post({ kind: 'file', resident, path, blockHeight });
  Atomics.wait(answered, 0, 0);
  const answer: FileAnswer = receiveMessageOnPort(files)?.message;
  if ('error' in answer) throw errorFrom(answer.error);
  return answer.content;
}

// Loading took its time; from here on silence means that something is wrong.
post({ kind: 'alive' });
