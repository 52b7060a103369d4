// Installs and builds what is missing, then runs the rest of the command line with the project's own Node.
// Plain JavaScript without dependencies: it has to run on whatever Node (18 or later) the machine has.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.ao-built');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: '1' };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** Time of the last change of a file, or of anything in a folder; 0 if it does not exist. */
function changed(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => changed(join(path, name))));
}

function sources() {
  const inWorkspace = ['src', 'package.json', 'tsconfig.json'];
  const workspaces = ['packages', 'servers'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return [
    join(root, 'tsconfig.base.json'),
    ...workspaces.flatMap((folder) => inWorkspace.map((name) => join(folder, name))),
  ];
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: process.cwd(), env, stdio: 'inherit' });
    // A terminal sends Ctrl-C to the whole group, so the child has it already; this process only waits for it.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    child.on('error', (error) => {
      console.error(`${command} can not be run: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

async function must(what, command, args) {
  console.error(what);
  process.chdir(root);
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}

const directory = process.cwd();
const installed = join(root, 'node_modules', '.package-lock.json');
if (changed(installed) < changed(join(root, 'package-lock.json'))) {
  await must('Installing what is missing …', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  const now = new Date();
  utimesSync(installed, now, now);
}

const ownNode = existsSync(join(bin, 'node'));
if (!ownNode && (major < 22 || (major === 22 && minor < 15))) {
  console.error(
    `ao needs Node 22.15 or later, and this is ${process.version}: install a newer one from nodejs.org.`,
  );
  process.exit(1);
}

if (changed(stamp) < Math.max(...sources().map(changed))) {
  const started = new Date();
  await must('Building what is missing …', 'turbo', [
    'run',
    'build',
    '--output-logs=errors-only',
    '--log-order=grouped',
  ]);
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

process.chdir(directory);
const [command, ...args] = process.argv.slice(2);
if (command) process.exit(await run(command, args));
