import wabt from 'wabt';

/**
 * A program that answers with a file of Arweave, or with `no file` if there is none. Like Lua's
 * `file:read(file:seek("end"))`, it asks for the size first.
 */
export async function driveModule(path: string): Promise<Uint8Array> {
  const source = `
(module
  (import "env" "__asyncjs__weavedrive_open" (func $open (param i32 i32) (result i32)))
  (import "env" "__asyncjs__weavedrive_read" (func $read (param i32 i32 i32) (result i32)))
  (import "env" "__asyncjs__weavedrive_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "${path}\\00")
  (data (i32.const 1200) "r\\00")
  (data (i32.const 2048) "{\\"ok\\":true,\\"response\\":{\\"Output\\":\\"no file\\"}}\\00")
  (func (export "malloc") (param i32) (result i32) (i32.const 16384))
  (func (export "free") (param i32))
  (func (export "handle") (param i32 i32) (result i32)
    (local $file i32)
    (local $size i32)
    (local.set $file (call $open (i32.const 1024) (i32.const 1200)))
    (if (local.get $file)
      (then
        (drop (call $seek (local.get $file) (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 1208)))
        (local.set $size (i32.load (i32.const 1208)))
        (drop (call $read (local.get $file) (i32.const 2081) (local.get $size)))
        (i32.store (i32.add (i32.const 2081) (local.get $size)) (i32.const 0x7d7d22))
        (drop (call $close (local.get $file)))))
    (i32.const 2048)))`;
  const { parseWat } = await wabt();
  return parseWat('drive.wat', source).toBinary({}).buffer;
}
