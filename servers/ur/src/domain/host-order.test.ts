import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { byModulo, byRendezvous } from './host-order.ts';

const hosts = ['http://cu1:4004', 'http://cu2:4004', 'http://cu3:4004', 'http://cu4:4004'];
const ids = Array.from({ length: 4000 }, (_, n) => createHash('sha256').update(`${n}`).digest('base64url'));

describe.each([
  ['modulo', byModulo],
  ['rendezvous', byRendezvous],
])('%s', (_name, order) => {
  test('the same process goes to the same host, with every other host behind it', () => {
    const [one, other] = [order(hosts), order([...hosts])];
    for (const id of ids.slice(0, 100)) {
      expect(one(id)).toEqual(other(id));
      expect(one(id).toSorted()).toEqual(hosts);
    }
  });

  test('processes spread evenly, and so do those of a host that is away', () => {
    const firsts = ids.map((id) => order(hosts)(id));
    for (const host of hosts) {
      const share = firsts.filter(([first]) => first === host).length / ids.length;
      expect(Math.abs(share - 1 / hosts.length)).toBeLessThan(0.03);
    }
  });
});

test('modulo: the host at hash mod n comes first, then those after it', () => {
  expect(byModulo(hosts.slice(0, 3))('process')).toEqual([hosts[2], hosts[0], hosts[1]]);
  expect(byModulo(hosts.slice(0, 3))('SQYxaO7iM_i1eL-3skVf2wLBi0Fhrzv5oy705bEohEs')).toEqual(
    hosts.slice(0, 3),
  );
});

test('rendezvous: another host takes its share, and no process moves between the others', () => {
  const [before, after] = [byRendezvous(hosts.slice(0, 3)), byRendezvous(hosts)];
  const moved = ids.filter((id) => before(id)[0] !== after(id)[0]);
  expect(Math.abs(moved.length / ids.length - 1 / 4)).toBeLessThan(0.03);
  expect(moved.every((id) => after(id)[0] === hosts[3])).toBe(true);
});

test('rendezvous: the processes of a host that is away spread over all others', () => {
  const seconds = ids.map(byRendezvous(hosts)).filter(([first]) => first === hosts[0]);
  for (const host of hosts.slice(1)) {
    const share = seconds.filter(([, second]) => second === host).length / seconds.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.06);
  }
});
