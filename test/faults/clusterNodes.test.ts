/** What chaos reads of a Redis Cluster: who has which slots, and when all of it is well again. */
import { describe, expect, test } from 'vitest';
import { isMastered, isWhole, readNodes } from '../../chaos/clusterNodes.ts';

const HEALTHY = `
aaa 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-8191 [93-<-bbb]
bbb 127.0.0.1:7002@17002,host master - 0 1790000000000 2 connected 8192-16382 16383
ccc 127.0.0.1:7003@17003 slave aaa 0 1790000000000 1 connected
ddd 127.0.0.1:7004@17004 slave bbb 0 1790000000000 2 connected
`;
const change = (from: RegExp | string, to: string) => readNodes(HEALTHY.replace(from, to));

describe('a Cluster', () => {
  test('is read with its slots, without those that are moving', () => {
    const [first, second, third] = readNodes(HEALTHY);
    expect(first).toEqual({
      ...{ id: 'aaa', port: 7001, isMaster: true, isFailing: false, follows: undefined, isLinked: true },
      slots: [[0, 8191]],
    });
    expect(second).toMatchObject({
      port: 7002,
      slots: [
        [8192, 16382],
        [16383, 16383],
      ],
    });
    expect(third).toMatchObject({ isMaster: false, follows: 'aaa', slots: [] });
  });

  test('is whole when all nodes are there and every master has a replica', () => {
    expect(isWhole(readNodes(HEALTHY), 4)).toBe(true);
    expect(isWhole(readNodes(HEALTHY), 5)).toBe(false);
  });

  test.each<[string, RegExp | string, string]>([
    ['a master is lost', 'bbb 127.0.0.1:7002@17002,host master', 'bbb 127.0.0.1:7002@17002,host master,fail'],
    ['a slot belongs to nobody', ' 16383\n', '\n'],
  ])('has not all its masters where %s', (_, from, to) => {
    expect(isMastered(change(from, to))).toBe(false);
    expect(isWhole(change(from, to), 4)).toBe(false);
  });

  test.each<[string, RegExp | string, string]>([
    ['a replica is away', 'slave bbb 0 1790000000000 2 connected', 'slave bbb 0 1790000000000 2 disconnected'],
    ['a replica is taken for lost', 'slave bbb', 'slave,fail? bbb'],
    ['a master has no replica', 'slave bbb', 'slave aaa'],
  ])('serves all slots and is not whole where %s', (_, from, to) => {
    expect(isMastered(change(from, to))).toBe(true);
    expect(isWhole(change(from, to), 4)).toBe(false);
  });
});
