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
const post = (report: Report, moved: ArrayBuffer[] = []) => parentPort?.postMessage(report, moved);

parentPort?.on('message', (command: Command) => {
  try {
    const value = run(command);
    post({ kind: 'done', value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
  } catch (error) {
    post({ kind: 'failed', error: errorData(error) });
  }
  try {
    residents.get(command.resident)?.tidy();
  } catch {
    // The process can not go on from here: whoever asks for it next is told, and brings it to life again.
    residents.delete(command.resident);
  }
});

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
