/** What a Redis URL leads to, and what is said of one that leads nowhere. */
import { describe, expect, test } from 'vitest';
import { placesIn, type SlotRange } from '../../src/infra/redis/findMaster.ts';
import { versionIn } from '../../src/infra/redis/inspectRedis.ts';
import { isElsewhere } from '../../src/infra/redis/redisClients.ts';
import { parseRedisUrl, redisPlace, redisPlaces } from '../../src/infra/redis/redisUrl.ts';

const NOBODY = { username: undefined, password: undefined, master: undefined };
const at = (...places: [string, number][]) => places.map(([host, port]) => ({ host, port }));

describe('the URL of a Redis', () => {
  test.each([
    ['redis://localhost', { kind: 'single', isEncrypted: false, addresses: [] }],
    ['rediss://me:secret@cache.internal:6380/2?family=6', { kind: 'single', isEncrypted: true, addresses: [] }],
    ['redis+cluster://a', { kind: 'cluster', addresses: at(['a', 6379]), ...NOBODY, db: 0 }],
    ['redis+cluster://a:7000,10.0.0.2:7001/0', { kind: 'cluster', addresses: at(['a', 7000], ['10.0.0.2', 7001]) }],
    ['rediss+cluster://[::1]:7000,[fe80::2]', { isEncrypted: true, addresses: at(['::1', 7000], ['fe80::2', 6379]) }],
    [
      'redis+sentinel://a,b:5/court',
      { kind: 'sentinel', addresses: at(['a', 26379], ['b', 5]), ...NOBODY, master: 'court', db: 0 },
    ],
    ['redis+sentinel://:p%40ss@a/court.one/3', { username: undefined, password: 'p@ss', master: 'court.one', db: 3 }],
    ['rediss+sentinel://me:a:b@a/court', { isEncrypted: true, username: 'me', password: 'a:b' }],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toMatchObject(target);
  });

  test.each([
    ['http://localhost', /must look like redis:\/\/host:6379, redis\+cluster/],
    ['redis://', /must look like/],
    ['redis+cluster://', /must look like/],
    ['redis+proxy://a', /must look like/],
    ['redis://a:1,b:2', /several hosts: write redis\+cluster:\/\/ or redis\+sentinel:\/\//],
    ['redis://a:port', /must look like/],
    ['redis+cluster://a:7000,,b', /names "" where a host and its port/],
    ['redis+cluster://a:70000', /names "a:70000"/],
    ['redis+cluster://a b:1', /names "a b:1"/],
    ['redis+cluster://a/1', /a Cluster, which has no numbered databases: leave \/1 away/],
    ['redis+cluster://a?family=6', /leave \?family=6 away/],
    ['redis+sentinel://a:26379', /must name the master/],
    ['redis+sentinel://a:26379/', /must name the master/],
    ['redis+sentinel://a/court/first', /must name the master/],
    ['redis+cluster://:100%@a', /write it as %25/],
  ])('%s is refused', (url, why) => {
    expect(() => parseRedisUrl(url)).toThrow(why);
  });

  test('is told without user and password', () => {
    expect(redisPlace('redis://me:secret@a/2')).toBe('a:6379/2');
    expect(redisPlace('redis+cluster://me:secret@a:7000,[::1]:7001')).toBe('a:7000,[::1]:7001');
    expect(redisPlaces('redis+sentinel://:secret@a,b/court/2')).toEqual([
      'a:26379,b:26379/court',
      'a:26379',
      'b:26379',
    ]);
    expect(redisPlaces(undefined)).toEqual([]);
  });
});

describe('the slots of a Cluster', () => {
  const asked = { host: '10.0.0.9', port: 7009 };
  const RANGES: SlotRange[] = [
    [0, 5460, ['10.0.0.1', 7000, 'id'], ['10.0.0.4', 7003, 'id']],
    [5461, 5461, ['10.0.0.2', 7001, 'id', ['hostname', 'b']]],
    [5462, 16383, [null, 7002, 'id'], ['?', 7004, 'id'], ['', 7005, 'id']],
  ];

  test.each([
    [0, at(['10.0.0.1', 7000])],
    [5460, at(['10.0.0.1', 7000])],
    [5461, at(['10.0.0.2', 7001])],
    [16383, at(['10.0.0.9', 7002])],
  ])('%i has one master, which is where it was asked when it does not know its own address', (slot, [master]) => {
    expect(placesIn(RANGES, slot, asked).master).toEqual(master);
  });

  test('name every node, and may leave a slot to none', () => {
    const { nodes, master } = placesIn(RANGES.slice(0, 2), 9_000, asked);
    expect(master).toBeUndefined();
    expect(nodes).toEqual(at(['10.0.0.1', 7000], ['10.0.0.4', 7003], ['10.0.0.2', 7001]));
  });
});

test.each([
  ['MOVED 866 127.0.0.1:7001', true],
  ['CLUSTERDOWN The cluster is down', true],
  ['READONLY You can not write against a read only replica.', true],
  ['ASK 866 127.0.0.1:7001', false],
  ['TRYAGAIN Multiple keys request during rehashing of slot', false],
  ['ERR a text with MOVED in it', false],
])('%s: another server mends it: %s', (message, is) => {
  expect(isElsewhere(new Error(message))).toBe(is);
});

test('the version is that of Redis, or that of Valkey, which names both', () => {
  expect(versionIn('# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\n')).toBe('7.0.15');
  expect(versionIn('# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1\r\n')).toBe(
    'Valkey 8.1.1',
  );
  expect(versionIn('')).toBe('unknown');
});
