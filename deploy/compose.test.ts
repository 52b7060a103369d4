import { existsSync, readFileSync, statSync } from 'node:fs';
import { configFrom as cu } from '@ao-ts/cu';
import { configFrom as gateway } from '@ao-ts/gateway';
import { configFrom as mu } from '@ao-ts/mu';
import { configFrom as su } from '@ao-ts/su';
import { configFrom as ur } from '@ao-ts/ur';
import { describe, expect, test } from 'vitest';
import { interpolate, readComposeFile, readDefaults, references, type Service } from './compose-file.ts';

type Variables = Record<string, string | undefined>;

const text = readFileSync('docker-compose.yml', 'utf8');
const dockerfile = readFileSync('Dockerfile', 'utf8');
const file = readComposeFile();
const defaults = readDefaults();
const services = Object.entries(file.services);
const ours = services.filter(([, { build }]) => build);
const configs: Record<string, (env: Variables) => unknown> = { cu, gateway, mu, su, ur };

/** `servers/mu/dist/main.js` is the program of the unit `mu`. */
const unitOf = ({ command }: Service) => /^servers\/(\w+)\/dist\/main\.js$/.exec(command?.[1] ?? '')?.[1];
const units = ours.flatMap(([name, service]) => {
  const unit = unitOf(service);
  return unit === undefined ? [] : [{ name, unit, service }];
});
const resolved = ({ environment }: Service) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, interpolate(value, defaults)]),
  );

test('each profile has every kind of unit, in a container of its own', () => {
  const kinds = (profile: string) =>
    units.flatMap(({ unit, service }) => (service.profiles.includes(profile) ? [unit] : [])).sort();
  expect(kinds('sqlite')).toEqual(['cu', 'gateway', 'mu', 'su', 'ur']);
  expect(kinds('postgres')).toEqual([
    ...['cu', 'cu', 'gateway', 'mu', 'mu', 'su', 'su'],
    ...['ur', 'ur', 'ur'],
  ]);
  expect(defaults.COMPOSE_PROFILES).toBe('sqlite');
});

test('every variable stands in .env with the same default, and every line of .env is for something', () => {
  const used = references(text).filter(({ name }) => name !== 'PWD');
  for (const { name, fallback } of used)
    expect({ name, fallback }).toEqual({ name, fallback: defaults[name] });
  const names = new Set([...used, ...references(readFileSync('.env', 'utf8'))].map(({ name }) => name));
  expect(Object.keys(defaults).filter((name) => !names.has(name))).toEqual(['COMPOSE_PROFILES']);
});

test('images are pinned to a version', () => {
  const images = services.filter(([, { build }]) => !build).map(([, { image }]) => image);
  for (const image of images) expect(image).toMatch(/^[\w./-]+:v?\d[\w.-]*$/);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)];
  const stages = new Set(bases.map(([, , stage]) => stage));
  for (const [, base = ''] of bases) {
    if (!stages.has(base)) expect(base).toBe('node:24-bookworm-slim');
  }
});

describe.each(services)('%s', (name, service) => {
  test('waits only for what runs wherever it runs', () => {
    for (const [other, { condition }] of Object.entries(service.depends_on)) {
      const target = file.services[other];
      if (!target) throw new Error(`${name} depends on ${other}, which is not there`);
      // `observability` goes beside one of the two.
      const alone = service.profiles.filter((profile) => profile !== 'observability');
      for (const profile of alone) expect(target.profiles).toContain(profile);
      if (condition === 'service_healthy') expect(target.healthcheck ?? target.build).toBeDefined();
      if (condition === 'service_completed_successfully') expect(target.restart).toBeUndefined();
    }
  });

  test('mounts what exists', () => {
    for (const volume of service.volumes) {
      const [source = '', target = ''] = volume.split(':');
      expect(target).toMatch(/^\//);
      if (source.startsWith('./')) expect(existsSync(source), source).toBe(true);
      else expect(file.volumes).toHaveProperty(source);
    }
    for (const network of service.networks) expect(file.networks).toHaveProperty(network);
  });

  test('can write only where it must, and can not become more than it is', () => {
    expect(service.read_only).toBe(true);
    expect(service.security_opt).toContain('no-new-privileges:true');
    if (service.image.startsWith('postgres:')) return; // begins as root to own its files, and then gives that up
    expect(service.cap_drop).toEqual(['ALL']);
    if (service.build) expect(service.user).toBe('node');
  });
});

describe.each(ours)('%s', (_name, service) => {
  test('is built from a stage of the Dockerfile and runs a program that the build makes', () => {
    expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${service.build?.target}$`, 'm'));
    const program = (service.command ?? service.entrypoint ?? [])[1] ?? '';
    const source = program.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    expect(existsSync(source), source).toBe(true);
  });
});

describe.each(units)('$name', ({ unit, service }) => {
  const env = resolved(service);

  test('is told only what its configuration knows, and starts with it', () => {
    const known = new Set<string>();
    const asked = new Proxy<Variables>(env, {
      get: (target, key: string) => {
        known.add(key);
        return target[key];
      },
    });
    expect(() => configs[unit]?.(asked)).not.toThrow();
    expect(Object.keys(env).filter((variable) => !known.has(variable))).toEqual([]);
  });

  test('publishes the port that it listens on', () => {
    for (const port of service.ports) expect(port.split(':').at(-1)).toBe(env.PORT);
  });

  test('reaches each unit by its service name and its port', () => {
    const urls = Object.values(env).flatMap((value) => value.match(/https?:\/\/[\w-]+:\d+/g) ?? []);
    for (const url of urls) {
      const { hostname, port } = new URL(url);
      const target = file.services[hostname];
      if (!target) throw new Error(`${url}: there is no service ${hostname}`);
      expect(target.environment.PORT, url).toBe(port);
      for (const profile of service.profiles) expect(target.profiles, url).toContain(profile);
    }
  });

  test('has an init that passes SIGTERM on, and comes back by itself', () => {
    expect(service).toMatchObject({ init: true, restart: 'unless-stopped' });
    expect(service.mem_limit).toMatch(/\d|\$/);
  });
});

test('a compute unit may not keep more in memory than its container has', () => {
  const gigabytes = Number(/^(\d+)g$/.exec(defaults.CU_MEMORY ?? '')?.[1]);
  expect(Number(defaults.CU_PROCESS_MEMORY_BYTES)).toBeLessThan(gigabytes * 2 ** 30);
});

test('the Dockerfile copies what is there and not ignored, and its health check can be run', () => {
  const kept = readFileSync('.dockerignore', 'utf8').split('\n');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  for (const path of copied) {
    expect(existsSync(path), path).toBe(true);
    expect(kept, path).toContain(`!${path}`.replace(/^!deploy\/?$/, '!deploy'));
  }
  const [, check = ''] = /HEALTHCHECK .* CMD \["(\S+)"\]/.exec(dockerfile) ?? [];
  expect(copied).toContain(check);
  expect(statSync(check).mode & 0o111).not.toBe(0);
});
