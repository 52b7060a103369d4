import { OP } from './instructions.ts';

/** Stands for any value that is not simply that of a local. */
const OTHER = -1;
const I32_EQZ = 0x45;
const I64_EQZ = 0x50;
const LAST_NUMERIC = 0xc4;
/** Instructions from 0x45 to 0xc4 that take one operand, as ranges; all others there take two. */
const UNARY = [
  [I32_EQZ, I32_EQZ],
  [I64_EQZ, I64_EQZ],
  [0x67, 0x69],
  [0x79, 0x7b],
  [0x8b, 0x91],
  [0x99, 0x9f],
  [0xa7, LAST_NUMERIC],
] as const;
const isUnary = (opcode: number) => UNARY.some(([first, last]) => opcode >= first && opcode <= last);

/**
 * Follows a straight piece of code and tells which operand is the unchanged value of which local. It forgets what it
 * does not follow, so an answer of undefined says nothing, and any other is true.
 */
export class Operands {
  /** Local numbers, or {@link OTHER}; what lies below the bottom is not known. */
  #stack: number[] = [];

  /** The local whose value lies so far below the top of the stack. */
  local(depth: number): number | undefined {
    const local = this.#stack.at(-1 - depth);
    return local === OTHER ? undefined : local;
  }

  /** Follows one instruction; `local` is its operand if it works on a local. */
  follow(opcode: number, local = OTHER): void {
    if (opcode === OP.localGet) this.#stack.push(local);
    else if (opcode === OP.localSet) this.#assign(local);
    else if (opcode === OP.localTee) {
      this.#assign(local);
      this.#stack.push(local);
    } else if (opcode >= OP.i32Load && opcode <= OP.i64Load32U) this.#replace(1);
    else if (opcode >= OP.i32Store && opcode <= OP.i64Store32) this.#take(2);
    else if (opcode >= OP.i32Const && opcode <= OP.f64Const) this.#stack.push(OTHER);
    else if (opcode >= I32_EQZ && opcode <= LAST_NUMERIC) this.#replace(isUnary(opcode) ? 1 : 2);
    else if (opcode === OP.globalGet) this.#stack.push(OTHER);
    else if (opcode === OP.globalSet || opcode === OP.drop) this.#take(1);
    else if (opcode === OP.select) this.#replace(3);
    else this.#stack = [];
  }

  #assign(local: number): void {
    this.#take(1);
    this.#stack = this.#stack.map((value) => (value === local ? OTHER : value));
  }

  #replace(count: number): void {
    this.#take(count);
    this.#stack.push(OTHER);
  }

  #take(count: number): void {
    this.#stack.length = Math.max(0, this.#stack.length - count);
  }
}
