// Runs messages through the network's own loader, in a process of its own: that loader replaces Math.random,
// Date.now and console.log for whoever shares its process, and shows a program the arguments of its process.
process.argv.length = 1;

// It passes numbers where current engines want a bigint for a 64-bit memory.
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (pages) {
  try {
    return grow.call(this, pages);
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) {
      return grow.call(this, BigInt(Math.trunc(pages)));
    }
    throw error;
  }
};

const { createHash } = await import('node:crypto');
const { default: AoLoader } = await import('@permaweb/ao-loader');
const { default: metering } = await import('@permaweb/wasm-metering');
const timers = performance.now.bind(performance);

process.on('message', async ({ binary, format, messages, environment, computeLimit, restore }) => {
  const meterType = format.startsWith('wasm32') ? 'i32' : 'i64';
  const metered = format.endsWith('-metering') ? metering.meterWASM(binary, { meterType }) : binary;
  // Its asynchronous WeaveDrive takes 40 MiB of the program's heap for each file that does not exist.
  const instantiate = async (imports, receive) => {
    if (imports.env?.__asyncjs__weavedrive_open) imports.env.__asyncjs__weavedrive_open = () => 0;
    const { instance } = await WebAssembly.instantiate(metered, imports);
    receive(instance);
    return instance.exports;
  };
  const load = () =>
    AoLoader(/emscripten[23]?$/.test(format) ? binary : instantiate, {
      format,
      computeLimit,
      UNSAFE_MEMORY: !restore,
    });
  const steps = [];
  let handle = await load();
  let memory = null;
  for (const message of messages) {
    const started = timers();
    try {
      const { Memory, ...result } = await handle(memory, message, environment);
      const milliseconds = timers() - started;
      const bytes = new Uint8Array(Memory);
      if (restore) memory = bytes;
      steps.push({
        result,
        milliseconds,
        size: bytes.length,
        hash: createHash('md5').update(bytes).digest('hex'),
        last: bytes,
      });
      if (steps.length > 1) steps.at(-2).last = undefined;
    } catch (error) {
      const isError = error instanceof Error;
      steps.push({ error: isError ? { name: error.name, message: error.message } : error });
      handle = await load();
      if (!restore) break;
    }
  }
  const final = steps.findLast((step) => step.last)?.last;
  for (const step of steps) delete step.last;
  process.send({ steps, memory: final && Buffer.from(final) });
});
