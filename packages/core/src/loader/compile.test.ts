import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { assemble, FORMAT, OUTPUT, program } from '../../test/loader/wat.ts';
import type { AoError } from '../errors.ts';
import { compileModule, instantiate } from './index.ts';
import { readSections } from './module-interface.ts';

const compile = (binary: Uint8Array, format: string = FORMAT.v4) => compileModule(binary, { format });

describe('compileModule', () => {
  it('refuses what is no WebAssembly', async () => {
    for (const text of ['', 'hello', '\0asm', '\0asm\x02\0\0\0']) {
      await expect(compile(Buffer.from(text, 'latin1'))).rejects.toMatchObject({ code: 'LOADER.NOT_WASM' });
    }
  });

  it('refuses a module cut off anywhere', async () => {
    const binary = await assemble(program({}));
    const accepted: number[] = [];
    for (let length = 0; length < binary.length; length++) {
      const outcome = await compile(binary.subarray(0, length)).catch((thrown) => thrown);
      if (!(outcome instanceof Error)) accepted.push(length);
      else expect(['LOADER.NOT_WASM', 'LOADER.NO_HANDLE']).toContain((outcome as AoError).code);
    }
    // Without its last section, the data, it is a whole module again.
    expect(accepted).toEqual([readSections(binary).at(-1)?.start]);
  });

  it('survives any damaged byte', async () => {
    const binary = await assemble(program({ body: '(drop (i32.div_u (i32.const 4) (i32.const 2)))' }));
    for (const format of [FORMAT.v4, FORMAT.metered]) {
      for (let offset = 0; offset < binary.length; offset++) {
        const damaged = binary.slice();
        damaged[offset] = (damaged[offset] ?? 0) ^ 0xff;
        const outcome = await compile(damaged, format).catch((thrown) => thrown);
        if (outcome instanceof Error)
          expect(outcome).toMatchObject({ code: expect.stringMatching(/^LOADER\./) });
      }
    }
  });

  it('names every unknown import', async () => {
    const binary = await assemble(
      program({
        imports: `(import "env" "launch_missiles" (func)) (import "env" "exit" (func (param i32)))
          (import "wasi_snapshot_preview1" "sock_send" (func)) (import "other" "exit" (func))
          (import "env" "toString" (func)) (import "env" "g" (global i32))`,
      }),
    );
    await expect(compile(binary)).rejects.toMatchObject({
      code: 'LOADER.UNKNOWN_IMPORT',
      facts: {
        imports: [
          'env.launch_missiles',
          'wasi_snapshot_preview1.sock_send',
          'other.exit',
          'env.toString',
          'env.g',
        ],
      },
    });
  });

  it('refuses modules that can not take messages', async () => {
    const withoutHandle = '(module (memory (export "memory") 1))';
    const withoutMemory = '(module (func (export "handle") (param i32 i32) (result i32) (i32.const 0)))';
    const wrongKind = '(module (memory (export "memory") 1) (global (export "handle") i32 (i32.const 0)))';
    for (const text of [withoutHandle, withoutMemory, wrongKind]) {
      await expect(compile(await assemble(text))).rejects.toMatchObject({ code: 'LOADER.NO_HANDLE' });
    }
  });

  it('refuses a format it does not know and names those it knows', async () => {
    const binary = await assemble(program({}));
    await expect(compile(binary, 'wasm32-wasi')).rejects.toMatchObject({
      code: 'LOADER.FORMAT',
      message: expect.stringContaining(FORMAT.wasm64),
    });
  });

  it('refuses a module larger than the memory limit and keeps the others below it', async () => {
    const binary = await assemble(
      program({ body: '(i32.store (i32.const 1024) (memory.grow (i32.const 3)))', memory: '2' }),
    );
    const limited = (memoryLimit: number) => compileModule(binary, { format: FORMAT.v4, memoryLimit });
    await expect(limited(65_536)).rejects.toMatchObject({ code: 'LOADER.MEMORY_LIMIT' });

    await limited(2 ** 40);

    const instance = instantiate(await limited(4 * 65_536));
    instance.handle('{}', '{}');
    expect(instance.memory.buffer.byteLength).toBe(2 * 65_536);
    expect(new DataView(instance.memory.buffer).getInt32(1024, true)).toBe(-1);
  });

  it('makes something a worker can receive', async () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(await compile(await assemble(program({}))));
    const received = receiveMessageOnPort(port2)?.message;
    expect(instantiate(received).handle('{}', '{}')).toBe(OUTPUT);
    port1.close();
  });
});
