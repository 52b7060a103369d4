// Runs messages through the network's own loader, in a process of its own: that loader replaces Math.random,
// Date.now and console.log for whoever shares its process, and shows a program the arguments of its process.
process.argv.length = 1;

// It passes numbers where current engines want a bigint for a 64-bit memory.
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  try {
    return grow.call(this, pages);
  } catch {
    return grow.call(this, BigInt(Math.trunc(pages)));
  }
};

const { createHash } = await import('node:crypto');
const { default: AoLoader } = await import('@permaweb/ao-loader');
const { default: metering } = await import('@permaweb/wasm-metering');

process.once(
  'message',
  async ({ binary, format, messages, environment, computeLimit, restore, keepMemory }) => {
    const meterType = format.startsWith('wasm32') ? 'i32' : 'i64';
    const metered = format.endsWith('-metering') ? metering.meterWASM(binary, { meterType }) : binary;
    // Its asynchronous WeaveDrive takes 40 MiB of the program's heap for each file that does not exist.
    const instantiate = async (imports, receive) => {
      if (imports.env?.__asyncjs__weavedrive_open) imports.env.__asyncjs__weavedrive_open = () => 0;
      // It gives programs the shell of this machine.
      if (imports.env?._emscripten_system) imports.env._emscripten_system = (command) => (command ? -52 : 0);
      const { instance } = await WebAssembly.instantiate(metered, imports);
      receive(instance);
      return instance.exports;
    };
    const source = /emscripten[23]?$/.test(format) ? binary : instantiate;
    const load = () => AoLoader(source, { format, computeLimit, UNSAFE_MEMORY: !restore });

    const steps = [];
    let memory = null;
    let handle = await load();
    for (const message of messages) {
      try {
        const { Memory, ...result } = await handle(restore ? memory : null, message, environment);
        memory = new Uint8Array(Memory);
        steps.push({ result, size: memory.length, hash: createHash('md5').update(memory).digest('hex') });
      } catch (error) {
        steps.push({ error: plain(error) });
        if (restore) handle = await load();
      }
    }
    process.send({ steps, memory: (keepMemory && memory) || undefined });
  },
);

function plain(error) {
  if (typeof error !== 'object' || error === null) return error;
  const { name, message, status } = error;
  return name === undefined ? error : { name, message, ...(status === undefined ? {} : { status }) };
}
