import type { ByteWriter } from './byte-writer.ts';
import { type ByteReader, signedLeb, unsignedLeb } from './bytes.ts';
import { extendModule, readGlobals } from './extend-module.ts';
import { CHARGE_COST, GAS_COSTS } from './gas-costs.ts';
import { OP, readInstruction } from './instructions.ts';

/** Changes whenever `meterModule` writes other bytes for the same module; part of the key of a cache. */
export const METER_VERSION = 1;

/** Names under which a metered module exports its counter and its limit, both mutable i64 globals. */
export const GAS_USED_EXPORT = 'ao:gas-used';
export const GAS_LIMIT_EXPORT = 'ao:gas-limit';

const I64 = 0x7e;
const I64_GT_S = 0x55;
const I64_ADD = 0x7c;
const NO_RESULT = 0x40;
const I64_MAX = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00];

// After these, execution may go on somewhere else: they close a piece that is charged as a whole.
const CLOSING: ReadonlySet<number> = new Set([
  OP.memoryGrow,
  OP.end,
  OP.br,
  OP.brTable,
  OP.brIf,
  OP.if,
  OP.else,
  OP.return,
  OP.loop,
  OP.catch,
  OP.catchAll,
  OP.delegate,
  OP.throw,
  OP.rethrow,
  OP.throwRef,
  OP.returnCall,
  OP.returnCallIndirect,
]);
const CALLING: ReadonlySet<number> = new Set([
  OP.call,
  OP.callIndirect,
  OP.returnCall,
  OP.returnCallIndirect,
]);

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly cost: number;
  readonly opensLoop: boolean;
}

/**
 * Puts gas accounting into a module (the `*-metering` formats). Every straight piece of code adds its cost to a
 * global before it runs; the limit is looked at where code can repeat, at loops and at functions that call others,
 * so a program runs at most to the next of these after its gas is used up. The figures are those of the network's
 * own metering. Throws `LOADER.NOT_WASM` or, for instructions it does not know, `LOADER.FORMAT`.
 */
export function meterModule(binary: Uint8Array): Uint8Array {
  const used = readGlobals(binary).count;
  const limit = used + 1;
  const charge = (cost: number): number[] => [
    ...[OP.globalGet, ...unsignedLeb(used)],
    ...[OP.i64Const, ...signedLeb(cost)],
    I64_ADD,
    ...[OP.globalSet, ...unsignedLeb(used)],
  ];
  const check = [
    ...[OP.globalGet, ...unsignedLeb(used)],
    ...[OP.globalGet, ...unsignedLeb(limit)],
    I64_GT_S,
    ...[OP.if, NO_RESULT, OP.unreachable, OP.end],
  ];
  const rewrite = (code: ByteReader, out: ByteWriter): readonly number[] => {
    const { pieces, calls } = readPieces(code);
    pieces.forEach((piece, index) => {
      if (piece.cost > 0) out.append(charge(piece.cost + CHARGE_COST));
      if (index === 0 ? calls : pieces[index - 1]?.opensLoop) out.append(check);
      out.append(code.bytes.subarray(piece.start, piece.end));
    });
    return [];
  };
  return extendModule(binary, {
    globals: [
      [I64, 1, OP.i64Const, 0, OP.end],
      [I64, 1, OP.i64Const, ...I64_MAX, OP.end],
    ],
    exports: [
      { name: GAS_USED_EXPORT, index: used },
      { name: GAS_LIMIT_EXPORT, index: limit },
    ],
    rewrite,
  });
}

function readPieces(code: ByteReader): { pieces: Piece[]; calls: boolean } {
  const pieces: Piece[] = [];
  let calls = false;
  let start = code.offset;
  let cost = 0;
  while (!code.done) {
    const opcode = readInstruction(code);
    cost += GAS_COSTS[opcode] ?? 0;
    calls ||= CALLING.has(opcode);
    if (!CLOSING.has(opcode)) continue;
    pieces.push({ start, end: code.offset, cost, opensLoop: opcode === OP.loop });
    start = code.offset;
    cost = 0;
  }
  return { pieces, calls };
}
