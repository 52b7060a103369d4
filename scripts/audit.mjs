// Asks the registry whether packages we depend on have known weaknesses. Exit code 1 if one has, whatever its severity; a registry
// that gives no answer is said to have given none, and fails nothing: it is not in our hands.
import { spawnSync } from 'node:child_process';

const { stdout, stderr, error } = spawnSync(
  'npm',
  ['audit', '--json', '--omit=dev', ...process.argv.slice(2)],
  {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  },
);

const report = parse(stdout ?? '');
if (!report?.metadata?.vulnerabilities) {
  const reason = report?.message ?? report?.error?.summary ?? error?.message ?? stderr?.trim().split('\n')[0];
  console.log(
    `NOT AUDITED: the registry gave no answer about weaknesses of dependencies (${reason || 'no reason given'}).`,
  );
} else if (report.metadata.vulnerabilities.total > 0) {
  for (const { name, severity, range, via } of Object.values(report.vulnerabilities)) {
    const why = via.map((one) => (typeof one === 'string' ? one : `${one.title} ${one.url}`)).join('; ');
    console.error(`${severity}: ${name} ${range}: ${why}`);
  }
  process.exitCode = 1;
} else {
  console.log(`audited ${report.metadata.dependencies.total} dependencies: no known weakness`);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
