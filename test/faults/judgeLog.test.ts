/** The judge of the log finds nothing in an honest one, and every way of spoiling it. */
import { expect, test } from 'vitest';
import { judgeLog, type StoredLog } from '../../chaos/judgeLog.ts';
import { sha256 } from '../../src/core/chain/sha256.ts';
import { merkleRoot } from '../../src/core/proof/merkle.ts';

const leaves = Array.from({ length: 21 }, (_, index) => ({
  ...{ index, stream: `session:${index % 2}`, sequence: Math.floor(index / 2) + 1 },
  event_hash: sha256(`event ${index}`),
}));
const signed = (size: number) => ({
  size,
  root: merkleRoot(leaves.slice(0, size).map(({ event_hash }) => event_hash)),
});
const checkpoints = [3, 8, 21].map(signed);
const honest: StoredLog = { leaves, checkpoints, delivered: [checkpoints[0]!, ...checkpoints], events: 21 };

test('an honest log is well, at every size, and when checkpoints were delivered twice', () => {
  expect(judgeLog(honest)).toEqual([]);
  for (let size = 0; size <= 21; size += 1) {
    const log = { leaves: leaves.slice(0, size), checkpoints: [signed(size)], delivered: [], events: size };
    expect(judgeLog(log), `${size}`).toEqual([]);
  }
});

const spoilt: [how: string, told: string, log: Partial<StoredLog>][] = [
  ['a leaf is lost', 'of 21 events 20 are in the log', { leaves: leaves.slice(0, 20) }],
  ['a leaf is missing in between', 'leaf 4 is missing: 5 stands', { leaves: leaves.toSpliced(4, 1) }],
  [
    'an event is twice in it',
    'is event 1 of session:0, after 11',
    { leaves: [...leaves, { ...leaves[0]!, index: 21 }] },
  ],
  [
    'two events of a stream are swapped',
    'is event 2 of session:0, after 0',
    {
      leaves: leaves.map((one, i) =>
        i === 0 ? { ...leaves[2]!, index: 0 } : i === 2 ? { ...leaves[0]!, index: 2 } : one,
      ),
    },
  ],
  [
    'a leaf is of no event',
    'which there is not',
    { leaves: leaves.with(7, { ...leaves[7]!, event_hash: null as never }) },
  ],
  [
    'an event changed under a checkpoint',
    'another root was signed at 21',
    {
      leaves: leaves.with(9, { ...leaves[9]!, event_hash: sha256('another') }),
    },
  ],
  [
    'another root left the database',
    'another root was signed at 8',
    {
      delivered: [{ size: 8, root: sha256('another') }],
    },
  ],
  ['more was signed than there is', 'another root was signed at 22', { delivered: [{ size: 22, root: sha256('a') }] }],
  ['what is new is not signed', 'of 21 events 8 are under a checkpoint', { checkpoints: checkpoints.slice(0, 2) }],
  [
    'checkpoints shrink on their way',
    'a checkpoint of 3 was delivered after one of 8',
    {
      delivered: [checkpoints[1]!, checkpoints[0]!],
    },
  ],
];

test.each(spoilt)('it is told when %s', (_, told, log) => {
  expect(judgeLog({ ...honest, ...log })).toContainEqual(expect.stringContaining(told));
});
