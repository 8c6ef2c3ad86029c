/** Automatic bans are told to where the guard counts at once, and sent until there is room for them. */
import { expect, test, vi } from 'vitest';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { Problem } from '../../src/core/definitions/problem.ts';
import { createPunish } from '../../src/http/guard/punish.ts';

const institution_id = '018f3c1e-7b2a-7c11-9d0e-0000000000a0';
const key = 'ab'.repeat(32);

function open(accept: (submission: Submission) => Promise<unknown>, hasRoom = true) {
  const sent: Submission[] = [];
  const warned: object[] = [];
  const told: [what: object, line: string][] = [];
  const counted: object[] = [];
  const { punish } = createPunish({
    store: { mayCommand: async () => hasRoom, mirror: async () => {} },
    accept: (submission) => {
      sent.push(submission);
      return accept(submission);
    },
    installation: 'the installation',
    metrics: { guardActions: { inc: (labels: object) => void counted.push(labels) } } as never,
    log: {
      info: (what: object, line: string) => void told.push([what, line]),
      warn: (what: object) => void warned.push(what),
    } as never,
    again_ms: 1,
  });
  return { punish, sent, warned, told, counted };
}

test('a ban that finds the backlog full is sent again under its id, until there is room', async () => {
  let full = 3;
  const { punish, sent, warned } = open(async () => {
    full -= 1;
    if (full >= 0) throw new Problem('backlog', 'What was accepted before is worked off first.');
  });
  await punish({ rule: 'text', institution_id, key });
  await vi.waitFor(() => expect(sent).toHaveLength(4), { timeout: 20_000 });
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  expect(warned).toEqual([]);
});

test('a fault is told of, and so is a backlog that stays full', async () => {
  const faulty = open(() => Promise.reject(new Error('no such table')));
  await faulty.punish({ rule: 'text', institution_id, key });
  await vi.waitFor(() => expect(faulty.warned).toHaveLength(1), { timeout: 20_000 });
  expect(faulty.sent).toHaveLength(1);
  const full = open(() => Promise.reject(new Problem('backlog', 'Full.')));
  await full.punish({ rule: 'text', institution_id, key });
  await vi.waitFor(() => expect(full.warned).toHaveLength(1), { timeout: 20_000 });
});

const burst = { rule: 'burst', institution_id, key, address: '203.0.113.9' } as const;

test('each ban is counted once and is one line of the log, which names neither key nor address', async () => {
  const { punish, sent, told, counted } = open(async () => {});
  await punish(burst);
  const actions = [
    { rule: 'burst', action: 'shadowban' },
    { rule: 'burst', action: 'block' },
  ];
  expect(counted).toEqual(actions);
  expect(told).toEqual(actions.map((action) => [{ ...action, institution_id }, 'guard acted']));
  expect(sent.map(({ input }) => [input.subject, input.value])).toEqual([
    ['key', key],
    ['address', burst.address],
  ]);
});

test('where sixty were sent within the minute no key is banned, and an address is blocked and counted without a command', async () => {
  const { punish, sent, counted } = open(async () => {}, false);
  await punish(burst);
  expect([sent, counted]).toEqual([[], [{ rule: 'burst', action: 'block' }]]);
});
