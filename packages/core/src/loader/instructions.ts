import { AoError } from '../errors.ts';
import type { ByteReader } from './bytes.ts';

/** Opcodes the loader looks at; the names are the standard's. */
export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  i32Load: 0x28,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  refNull: 0xd0,
  refFunc: 0xd2,
  misc: 0xfc,
  vector: 0xfd,
  atomic: 0xfe,
} as const;

const ONE_INDEX: ReadonlySet<number> = new Set([
  OP.catch,
  OP.throw,
  OP.rethrow,
  OP.br,
  OP.brIf,
  OP.call,
  OP.returnCall,
  OP.delegate,
  OP.memorySize,
  OP.memoryGrow,
  OP.i32Const,
  OP.i64Const,
  OP.refNull,
  OP.refFunc,
]);
const NO_OPERAND: ReadonlySet<number> = new Set([
  OP.unreachable,
  OP.nop,
  OP.else,
  OP.throwRef,
  OP.end,
  OP.return,
  OP.catchAll,
  OP.drop,
  OP.select,
]);
// Operands of the instructions behind the prefix 0xfc: none for saturating conversions, else indices.
const MISC_INDICES = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

/** Steps over one instruction and returns its opcode (of prefixed instructions: the prefix). */
export function readInstruction(reader: ByteReader): number {
  const opcode = reader.byte();
  if (opcode >= OP.localGet && opcode <= OP.tableSet) reader.skipInteger();
  else if (opcode >= OP.i32Load && opcode <= OP.i64Store32) skipMemoryOperand(reader);
  else if (opcode >= 0x45 && opcode <= 0xc4) return opcode;
  else if (NO_OPERAND.has(opcode) || opcode === 0xd1) return opcode;
  else if (ONE_INDEX.has(opcode)) reader.skipInteger();
  else skipRareOperands(reader, opcode);
  return opcode;
}

function skipRareOperands(reader: ByteReader, opcode: number): void {
  switch (opcode) {
    case OP.block:
    case OP.loop:
    case OP.if:
    case OP.try:
      skipBlockType(reader);
      break;
    case OP.callIndirect:
    case OP.returnCallIndirect:
      skipIntegers(reader, 2);
      break;
    case OP.brTable:
      skipIntegers(reader, reader.unsigned() + 1);
      break;
    case OP.f32Const:
      reader.skip(4);
      break;
    case OP.f64Const:
      reader.skip(8);
      break;
    case OP.selectTyped:
      skipIntegers(reader, reader.unsigned());
      break;
    case OP.tryTable:
      skipBlockType(reader);
      for (let count = reader.unsigned(); count > 0; count--) skipIntegers(reader, reader.byte() < 2 ? 2 : 1);
      break;
    case OP.misc:
      skipMiscOperands(reader, reader.unsigned());
      break;
    case OP.vector:
      skipVectorOperands(reader, reader.unsigned());
      break;
    case OP.atomic:
      if (reader.unsigned() === 3) reader.skip(1);
      else skipMemoryOperand(reader);
      break;
    default:
      throw unknownInstruction(opcode, reader.offset);
  }
}

function skipMiscOperands(reader: ByteReader, operation: number): void {
  const indices = MISC_INDICES[operation];
  if (indices === undefined) throw unknownInstruction(OP.misc, reader.offset);
  skipIntegers(reader, indices);
}

function skipIntegers(reader: ByteReader, count: number): void {
  for (let index = 0; index < count; index++) reader.skipInteger();
}

function skipBlockType(reader: ByteReader): void {
  const before = reader.offset;
  reader.skipInteger();
  // A reference to a type is spelled in two parts.
  const first = reader.bytes[before];
  if (first === 0x63 || first === 0x64) reader.skipInteger();
}

function skipMemoryOperand(reader: ByteReader): void {
  const alignment = reader.unsigned();
  if (alignment & 0x40) reader.skipInteger();
  reader.skipInteger();
}

function skipVectorOperands(reader: ByteReader, operation: number): void {
  const loadsOrStores = operation <= 11 || (operation >= 84 && operation <= 93);
  const takesLane = (operation >= 21 && operation <= 34) || (operation >= 84 && operation <= 91);
  if (loadsOrStores) skipMemoryOperand(reader);
  if (operation === 12 || operation === 13) reader.skip(16);
  if (takesLane) reader.skip(1);
}

export function unknownInstruction(opcode: number, offset: number): AoError {
  return new AoError(
    'LOADER.FORMAT',
    `The module uses an instruction (0x${opcode.toString(16)}) the loader does not know.`,
    {
      action: 'fix',
      facts: { opcode, offset },
    },
  );
}
