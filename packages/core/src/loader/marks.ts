import type { ByteWriter } from './byte-writer.ts';
import { ByteReader, signedLeb, unsignedLeb } from './bytes.ts';
import { extendModule } from './extend-module.ts';
import { OP, readInstruction, unknownInstruction } from './instructions.ts';
import { readInterface } from './module-interface.ts';
import { Operands } from './operands.ts';
import { WASM_PAGE } from './webassembly.ts';

/** Changes whenever `markWrites` writes other bytes for the same module; part of the key of a cache. */
export const MARKS_VERSION = 1;
/** Bytes of memory that share a mark. */
export const MARKED_PAGE = 4096;
/** A write to a page can reach this far, less one byte, into the next one without a mark there. */
export const MARK_REACH = 256;
/** The memory of marks: one byte for each page, 1 after a write to it. */
export const MARKS_EXPORT = 'ao:marks';

const PAGE_BITS = 12;
const WIDEST_WRITE = 16;
const LARGEST_MEMORY = { narrow: 2 ** 32, wide: 2 ** 34 };

const I32 = 0x7f;
const I64 = 0x7e;
const F32 = 0x7d;
const F64 = 0x7c;
const V128 = 0x7b;
/** Types of what the instructions from `i32.store` to `i64.store32` store. */
const STORED = [I32, I64, F32, F64, I32, I32, I64, I64, I64];
const VECTOR_STORE = 11;
const VECTOR_STORE_LANE = { first: 88, last: 91 };
const MEMORY_INIT = 8;
const MEMORY_COPY = 10;
const MEMORY_FILL = 11;

const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_SHR_U = 0x76;
const I64_ADD = 0x7c;
const I64_SHR_U = 0x88;
const I32_WRAP_I64 = 0xa7;
const I64_EXTEND_I32_U = 0xad;
const SET_MARK = [0x3a, 0x40, 1, 0];
const FILL_MARKS = [OP.misc, MEMORY_FILL, 1];

/** After these, code may run that did not come through what stands before. */
const JOINS: ReadonlySet<number> = new Set([OP.loop, OP.else, OP.end, OP.catch, OP.catchAll, OP.delegate]);

/**
 * Makes a module mark each page of its memory that it writes to, in a second memory, so that its host knows what
 * changed without looking at all of it. What the module computes, and the gas it takes, stay the same.
 * Throws `LOADER.NOT_WASM` or, for instructions whose writes can not be followed, `LOADER.FORMAT`.
 */
export function markWrites(binary: Uint8Array): Uint8Array {
  const wide = readInterface(binary).memory64;
  // One more: a range can end where the largest memory ends.
  const marks = (wide ? LARGEST_MEMORY.wide : LARGEST_MEMORY.narrow) / MARKED_PAGE + 1;
  const pages = unsignedLeb(Math.ceil(marks / WASM_PAGE));
  return extendModule(binary, {
    memories: [[1, ...pages, ...pages]],
    exports: [{ name: MARKS_EXPORT, kind: 'memory', index: 1 }],
    rewrite: (code, out, nextLocal) => new FunctionMarks(wide, nextLocal).rewrite(code, out),
  });
}

function mayWrite(opcode: number): boolean {
  return (opcode >= OP.i32Store && opcode <= OP.i64Store32) || opcode >= OP.misc;
}

/** Puts the marking before the writes of one function. */
class FunctionMarks {
  readonly #wide: boolean;
  readonly #nextLocal: number;
  /** Locals added, in their order; several of one type are told apart by what they hold. */
  readonly #added: { type: number; holds: string }[] = [];
  readonly #operands = new Operands();
  /** By local: the lowest offset to its value at which a page is marked for certain. */
  readonly #marked = new Map<number, number>();

  constructor(wide: boolean, nextLocal: number) {
    this.#wide = wide;
    this.#nextLocal = nextLocal;
  }

  /** Returns the types of the locals it added. */
  rewrite(code: ByteReader, out: ByteWriter): number[] {
    let copied = code.offset;
    while (!code.done) {
      const start = code.offset;
      const opcode = readInstruction(code);
      if (mayWrite(opcode)) {
        const marking = this.#marking(opcode, new ByteReader(code.bytes, start + 1, code.offset));
        if (marking) {
          out.append(code.bytes.subarray(copied, start)).append(marking);
          copied = start;
        }
      }
      this.#follow(opcode, code, start + 1);
    }
    out.append(code.bytes.subarray(copied, code.end));
    return this.#added.map(({ type }) => type);
  }

  #follow(opcode: number, code: ByteReader, operandAt: number): void {
    if (opcode >= OP.localGet && opcode <= OP.localTee) {
      const local = new ByteReader(code.bytes, operandAt, code.offset).unsigned();
      this.#operands.follow(opcode, local);
      if (opcode !== OP.localGet) this.#marked.delete(local);
    } else this.#operands.follow(opcode);
    if (JOINS.has(opcode)) this.#marked.clear();
  }

  /** What is to run before an instruction, if it writes to the memory. */
  #marking(opcode: number, operands: ByteReader): number[] | undefined {
    const stored = STORED[opcode - OP.i32Store];
    if (stored !== undefined) return this.#markStore(operands, stored);
    if (opcode === OP.atomic) throw unknownInstruction(opcode, operands.offset);
    const operation = operands.unsigned();
    if (opcode === OP.misc) return this.#markBulk(operation);
    const lane = operation >= VECTOR_STORE_LANE.first && operation <= VECTOR_STORE_LANE.last;
    return operation === VECTOR_STORE || lane ? this.#markStore(operands, V128) : undefined;
  }

  /** On the stack: address, value. */
  #markStore(operands: ByteReader, stored: number): number[] | undefined {
    operands.unsigned();
    const offset = operands.unsigned();
    const base = this.#operands.local(1);
    if (base !== undefined) {
      if (this.#isMarked(base, offset)) return undefined;
      this.#marked.set(base, offset);
      return [OP.localGet, ...unsignedLeb(base), ...this.#setMark(offset)];
    }
    const value = this.#local(stored, 'value');
    const address = this.#local(this.#addressType, 'address');
    return [
      ...[OP.localSet, ...value, OP.localTee, ...address],
      ...this.#setMark(offset),
      ...[OP.localGet, ...address, OP.localGet, ...value],
    ];
  }

  #isMarked(base: number, offset: number): boolean {
    const marked = this.#marked.get(base);
    return marked !== undefined && offset >= marked && offset + WIDEST_WRITE <= marked + MARK_REACH;
  }

  /** On the stack: address, where from or what with, length. */
  #markBulk(operation: number): number[] | undefined {
    if (operation !== MEMORY_INIT && operation !== MEMORY_COPY && operation !== MEMORY_FILL) return undefined;
    const type = this.#addressType;
    const sourceType = operation === MEMORY_COPY ? type : I32;
    const lengthType = operation === MEMORY_INIT ? I32 : type;
    const address = this.#local(type, 'address');
    const source = this.#local(sourceType, 'source');
    const length = this.#local(lengthType, 'length');
    const first = this.#local(I32, 'first page');
    const extend = lengthType === type ? [] : [I64_EXTEND_I32_U];
    const add = this.#wide ? I64_ADD : I32_ADD;
    return [
      ...[OP.localSet, ...length, OP.localSet, ...source, OP.localTee, ...address],
      ...[...this.#toPage, OP.localTee, ...first, OP.i32Const, 1],
      // A length of 0 may mark a page too many, or one too few: both are right.
      ...[OP.localGet, ...address, OP.localGet, ...length, ...extend, add, ...this.#toPage],
      ...[OP.localGet, ...first, I32_SUB, OP.i32Const, 1, I32_ADD, ...FILL_MARKS],
      ...[OP.localGet, ...address, OP.localGet, ...source, OP.localGet, ...length],
    ];
  }

  /** On the stack: an address, and it is used up. */
  #setMark(offset: number): number[] {
    // 32-bit constants are signed; the addition wraps around all the same.
    const added = this.#wide
      ? [OP.i64Const, ...signedLeb(offset), I64_ADD]
      : [OP.i32Const, ...signedLeb(offset | 0), I32_ADD];
    return [...(offset > 0 ? added : []), ...this.#toPage, OP.i32Const, 1, ...SET_MARK];
  }

  get #toPage(): number[] {
    if (this.#wide) return [OP.i64Const, PAGE_BITS, I64_SHR_U, I32_WRAP_I64];
    return [OP.i32Const, PAGE_BITS, I32_SHR_U];
  }

  get #addressType(): number {
    return this.#wide ? I64 : I32;
  }

  #local(type: number, holds: string): number[] {
    let index = this.#added.findIndex((local) => local.type === type && local.holds === holds);
    if (index < 0) index = this.#added.push({ type, holds }) - 1;
    return unsignedLeb(this.#nextLocal + index);
  }
}
