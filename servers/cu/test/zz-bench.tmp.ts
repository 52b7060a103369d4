import { readFileSync } from 'node:fs';
import { compileModule, instantiate } from '@ao-ts/core/loader';
import { FakeNetwork, MODULE_ID, MODULE_TAGS, OWNER } from './support/fake-network.ts';
import { startUnit } from './support/unit.ts';

const wasm = readFileSync(new URL('../../../packages/lua/module/lua.wasm', import.meta.url));
const BIG = process.argv.includes('big');
const FAIL = process.argv.includes('fail');
const N = Number(process.env.N ?? 2000);
const network = await FakeNetwork.start();
network.addTransaction({
  id: MODULE_ID,
  tags: MODULE_TAGS.map((t) => (t.name === 'Memory-Limit' ? { ...t, value: '1-gb' } : t)),
  data: wasm,
});
const evalTags = [{ name: 'Action', value: 'Eval' }];
const build = (name: string) => {
  const pid = network.spawn(name);
  network.schedule(pid, {
    name: name + 'h',
    data: `${BIG ? 'Big = {} for i = 1, 90 do Big[i] = string.rep(string.char(i), 1000000) end\n' : ''} Count = 0 Handlers.add('inc', Handlers.utils.hasMatchingTag('Action','Inc'), function(msg) Count = Count + 1; ao.send({Target = msg.From, Data = tostring(Count)}) if msg.Tags.Fail then error('bad') end end)`,
    tags: evalTags,
  });
  for (let i = 0; i < N; i++)
    network.schedule(pid, {
      name: name + i,
      data: 'x',
      tags: [
        { name: 'Action', value: 'Inc' },
        ...(FAIL && i % 10 === 9 ? [{ name: 'Fail', value: '1' }] : []),
      ],
    });
  return pid;
};
const pid = build('bench');
// floor
{
  const { scheduledText, environmentText } = await import('../src/domain/message.ts');
  const { readSlot } = await import('../src/domain/slot.ts');
  const { readProcess } = await import('../src/domain/process.ts');
  const compiled = await compileModule(wasm, { format: 'wasm32-unknown-emscripten4' });
  const instance = instantiate(compiled);
  const p = network.processes.get(pid)!;
  const process_ = readProcess(pid, {
    process_id: pid,
    block: '1',
    owner: OWNER,
    tags: p.tags,
    timestamp: 1,
  } as never);
  const env = environmentText(process_, { id: MODULE_ID, owner: OWNER.address, tags: MODULE_TAGS });
  const texts = p.nodes.map((n) => scheduledText(readSlot(pid, n) as never));
  let out = '';
  for (const t of texts.slice(0, 2)) out = instance.handle(t, env);
  console.log(out.slice(0, 300));
  const t0 = performance.now();
  for (const t of texts.slice(2)) out = instance.handle(t, env);
  const ms = performance.now() - t0;
  console.log(out.slice(0, 300));
  console.log('floor in place', (ms / N).toFixed(3), 'ms/msg', 'memory', instance.memory.buffer.byteLength);
  let t1 = performance.now();
  let s = instance.snapshot();
  console.log('snapshot', performance.now() - t1, s.pages.size);
  t1 = performance.now();
  s = instance.snapshot(s);
  console.log('snapshot again', performance.now() - t1);
  t1 = performance.now();
  s = instance.snapshot(s);
  console.log('snapshot again', performance.now() - t1);
  t1 = performance.now();
  const fresh = instantiate(compiled);
  console.log('instantiate', performance.now() - t1);
  t1 = performance.now();
  fresh.restore(s);
  console.log('restore fresh', performance.now() - t1);
  t1 = performance.now();
  fresh.restore(s);
  console.log('restore in place', performance.now() - t1);
}
const unit = await startUnit(network, {
  env: process.env.W ? { WASM_EVALUATION_MAX_WORKERS: process.env.W } : {},
});
await unit.get(`/result/1?process-id=${pid}`);
let t = performance.now();
const r = await unit.get(`/result/${N + 1}?process-id=${pid}`);
const ms = performance.now() - t;
console.log(r.text.slice(0, 300));
console.log('catch-up', (ms / N).toFixed(3), 'ms/msg');
// warm
const lat: number[] = [];
for (let i = 0; i < 300; i++) {
  const id = network.schedule(pid, { name: 'w' + i, data: 'x', tags: [{ name: 'Action', value: 'Inc' }] });
  t = performance.now();
  await unit.get(`/result/${id}?process-id=${pid}`);
  lat.push(performance.now() - t);
}
lat.sort((a, b) => a - b);
console.log('warm p50', lat[150], 'p99', lat[297]);
const dry = async (c: number) => {
  const l: number[] = [];
  let k = 0;
  const t0 = performance.now();
  await Promise.all(
    Array.from({ length: c }, async () => {
      while (k++ < 200) {
        const s = performance.now();
        await unit.dryRun(pid, {
          Owner: 'o',
          Target: pid,
          Tags: [{ name: 'Action', value: 'Inc' }],
          Data: 'd' + k,
        });
        l.push(performance.now() - s);
      }
    }),
  );
  l.sort((a, b) => a - b);
  console.log(
    'dry-run c',
    c,
    'p50',
    l[l.length >> 1],
    'p99',
    l[Math.floor(l.length * 0.99)],
    'per s',
    (200 / (performance.now() - t0)) * 1000,
  );
};
await dry(1);
await dry(16);
const [a, b] = [build('two-a'), build('two-b')];
const solo = build('solo');
await Promise.all([a, b, solo].map((p) => unit.get(`/result/1?process-id=${p}`)));
t = performance.now();
await unit.get(`/result/${N + 1}?process-id=${solo}`);
const one = performance.now() - t;
t = performance.now();
await Promise.all([a, b].map((p) => unit.get(`/result/${N + 1}?process-id=${p}`)));
const two = performance.now() - t;
console.log('one', one, 'two', two, 'ratio', (2 * one) / two);
console.log('rss', process.memoryUsage().rss / 1e6);

{
  const { temporaryDirectory } = await import('./support/unit.ts');
  const directory = await temporaryDirectory();
  { await using u = await startUnit(network, { directory }); await u.get(`/result/${N + 1}?process-id=${pid}`); }
  await using u = await startUnit(network, { directory });
  const id = network.schedule(pid, { name: 'cold', data: 'x', tags: [{ name: 'Action', value: 'Inc' }] });
  const t0 = performance.now(); const r = await u.get(`/result/${id}?process-id=${pid}`); console.log('cold start from snapshot', performance.now() - t0, r.status);
  if (!BIG) {
    const before = process.memoryUsage().rss;
    const pids = Array.from({ length: 300 }, (_, i) => network.spawn('many' + i));
    for (const p of pids) await u.get(`/result/0?process-id=${p}`);
    const after = process.memoryUsage().rss;
    const ids = pids.map((p, i) => network.schedule(p, { name: 'rr' + i, data: 'x', tags: [{ name: 'Action', value: 'Inc' }] }));
    const l: number[] = [];
    for (const [i, p] of pids.entries()) { const t1 = performance.now(); await u.get(`/result/${ids[i]}?process-id=${p}`); l.push(performance.now() - t1); }
    l.sort((a, b) => a - b);
    console.log('300 resident: MB each', (after - before) / 300 / 1e6, 'round robin p50', l[150], 'p99', l[297]);
  }
}
await unit[Symbol.asyncDispose](); await network[Symbol.asyncDispose]();
