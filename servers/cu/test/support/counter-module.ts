import wabt from 'wabt';

/**
 * A program small enough to see through. Its memory holds one counter. The letter after `!` in a message says what
 * it does:
 * `a` add 1 · `r` read · `m` add 1 and send a message · `e` add 1000 and return an Error · `x` add 1000 and fail ·
 * `t` add 1000 and trap · `g` add 1, grow by a page and write there · `h` grow by a page, write there, return an
 * Error · `l` loop for ever · `d` add 1 and fill half a page · `w` fill the other half and return an Error.
 * Every answer carries the counter as eight digits in `Output`.
 */
const SOURCE = `
(module
  (memory (export "memory") 2)
  (data (i32.const 2048) "{\\"ok\\":true,\\"response\\":{\\"Output\\":\\"00000000\\"}}\\00")
  (data (i32.const 3072) "{\\"ok\\":true,\\"response\\":{\\"Output\\":\\"00000000\\",\\"Error\\":\\"boom\\"}}\\00")
  (data (i32.const 4096) "{\\"ok\\":false,\\"response\\":\\"refused\\"}\\00")
  (data (i32.const 5120) "{\\"ok\\":true,\\"response\\":{\\"Output\\":\\"00000000\\",\\"Messages\\":[{\\"Target\\":\\"t\\",\\"Tags\\":[]}]}}\\00")

  ;; The next free byte for arguments is kept at 16; freeing makes all of it free again.
  (func (export "malloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.load (i32.const 16)))
    (if (i32.eqz (local.get $at)) (then (local.set $at (i32.const 16384))))
    (i32.store (i32.const 16) (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "free") (param i32) (i32.store (i32.const 16) (i32.const 16384)))

  (func $command (param $at i32) (result i32)
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $at))) (then (return (i32.const 97))))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 33))
        (then (return (i32.load8_u offset=1 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next))
    (i32.const 0))

  (func $add (param $by i32)
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (local.get $by))))

  ;; Writes the counter over the digits of a template and gives its address.
  (func $answer (param $template i32) (result i32)
    (local $rest i32) (local $at i32)
    (local.set $rest (i32.load (i32.const 1024)))
    (local.set $at (i32.add (local.get $template) (i32.const 40)))
    (loop $digit
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
      (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $digit (i32.gt_u (local.get $at) (i32.add (local.get $template) (i32.const 32)))))
    (local.get $template))

  (func $grow
    (memory.fill
      (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))
      (i32.load (i32.const 1024))
      (i32.const 65536)))

  (func (export "handle") (param $message i32) (param $environment i32) (result i32)
    (local $c i32)
    (local.set $c (call $command (local.get $message)))
    (if (i32.eq (local.get $c) (i32.const 114)) (then (return (call $answer (i32.const 2048)))))
    (if (i32.eq (local.get $c) (i32.const 109)) (then (call $add (i32.const 1)) (return (call $answer (i32.const 5120)))))
    (if (i32.eq (local.get $c) (i32.const 101)) (then (call $add (i32.const 1000)) (return (call $answer (i32.const 3072)))))
    (if (i32.eq (local.get $c) (i32.const 120)) (then (call $add (i32.const 1000)) (return (i32.const 4096))))
    (if (i32.eq (local.get $c) (i32.const 116)) (then (call $add (i32.const 1000)) (unreachable)))
    (if (i32.eq (local.get $c) (i32.const 104)) (then (call $grow) (return (call $answer (i32.const 3072)))))
    (if (i32.eq (local.get $c) (i32.const 119))
      (then
        (memory.fill (i32.const 98304) (i32.const 1) (i32.const 32768))
        (return (call $answer (i32.const 3072)))))
    (if (i32.eq (local.get $c) (i32.const 108)) (then (loop $ever (br $ever))))
    (call $add (i32.const 1))
    (if (i32.eq (local.get $c) (i32.const 103)) (then (call $grow)))
    (if (i32.eq (local.get $c) (i32.const 100))
      (then (memory.fill (i32.const 65536) (i32.load (i32.const 1024)) (i32.const 32768))))
    (call $answer (i32.const 2048))))
`;

export const COUNTER_FORMAT = 'wasm32-unknown-emscripten4';

export async function counterModule(): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  return parseWat('counter.wat', SOURCE, { bulk_memory: true }).toBinary({}).buffer;
}
