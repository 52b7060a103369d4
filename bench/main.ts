import { computeSuite } from './cu.ts';
import { loaderSuite } from './loader.ts';
import { luaSuite } from './lua.ts';
import { messengerSuite } from './mu.ts';
import { networkSuite } from './network.ts';
import { type Figure, report } from './report.ts';
import { schedulerSuite } from './su.ts';

const suites: Record<string, () => Promise<Figure[]>> = {
  loader: loaderSuite,
  lua: luaSuite,
  network: networkSuite,
  su: schedulerSuite,
  mu: messengerSuite,
  cu: computeSuite,
};

const args = process.argv.slice(2);
const json = args.includes('--json');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}; there are: ${Object.keys(suites).join(', ')}.`);
  process.exit(1);
}

const figures: Figure[] = [];
for (const name of wanted.length > 0 ? wanted : Object.keys(suites)) {
  if (!json) console.error(`${name} …`);
  figures.push(...((await suites[name]?.()) ?? []));
}
report(figures, json);
