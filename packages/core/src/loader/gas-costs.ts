import { OP } from './instructions.ts';

/** What the charge itself costs in the network's scheme: a constant and a call. */
export const CHARGE_COST = 91;

/** Gas per instruction, by opcode. What is not set is free: conversions, vectors, most of floating point. */
export const GAS_COSTS = new Uint32Array(256);

function set(cost: number, ...opcodes: number[]): void {
  for (const opcode of opcodes) GAS_COSTS[opcode] = cost;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

set(1, OP.unreachable, OP.nop, OP.block, OP.loop, OP.if, ...range(OP.i32Const, OP.f64Const));
set(90, OP.else, OP.br, OP.brIf, OP.return, OP.call, OP.returnCall);
set(120, OP.brTable, OP.drop, OP.select, OP.selectTyped);
set(10_000, OP.callIndirect, OP.returnCallIndirect, OP.memoryGrow);
set(100, OP.memorySize);
// local.get … global.set, then all loads and stores.
set(120, ...range(0x20, 0x24), ...range(OP.i32Load, OP.i64Store32));
// Comparisons of integers; of floats only equality is charged.
set(45, ...range(0x45, 0x5a), 0x5b, 0x5c, 0x61, 0x62);

const INTEGER_ARITHMETIC = [
  ...[45, 45, 45], // clz ctz popcnt
  ...[45, 45, 45], // add sub mul
  ...[36_000, 36_000, 36_000, 36_000], // div rem
  ...[45, 45, 45], // and or xor
  ...[67, 67, 67], // shifts
  ...[90, 90], // rotations
];
for (const first of [0x67, 0x79]) {
  INTEGER_ARITHMETIC.forEach((cost, index) => {
    set(cost, first + index);
  });
}
// add sub mul of f32 and f64.
set(45, ...range(0x92, 0x94), ...range(0xa0, 0xa2));
