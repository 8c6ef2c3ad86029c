/** What verification looks for beyond hashes and rows: a session that no commands could have brought about. */
import { describe, expect, test } from 'vitest';
import type { Exhibit } from '../../../src/court/exhibits/exhibit.ts';
import type { Objection } from '../../../src/court/objections/objection.ts';
import type { SessionState } from '../../../src/court/sessions/session.ts';
import type { Turn } from '../../../src/court/turns/turn.ts';
import { brokenInvariants } from '../../../src/court/turns/turnInvariants.ts';
import { admitted, EXHIBIT, marked, tendered, uploaded } from '../../support/exhibits.ts';
import { given } from '../../support/given.ts';
import { sessionThatIs, turnId } from '../../support/matchFixture.ts';
import { OBJECTION, objecting, round, speaking, variant } from '../../support/roundEvents.ts';

const session: SessionState = given(...round('moot-20', speaking(1), objecting(1))).states().session;
const [first, second] = session.turns as [Turn, Turn];
const SECOND = '018f3c1e-7b2a-7c11-9d0e-0000000f0001';
const objection = session.objections[0]!;

const withTurns = (...turns: Turn[]) => brokenInvariants({ ...session, turns });
const withObjections = (...objections: Objection[]) => brokenInvariants({ ...session, objections });

test('what commands brought about breaks none', () => {
  expect(brokenInvariants(session)).toEqual([]);
  for (const events of Object.values(sessionThatIs)) {
    expect(brokenInvariants(given(...events).states().session)).toEqual([]);
  }
});

test('two turns at once', () => {
  expect(withTurns(first, { ...first, id: second.id })).toContain(`2 turns are active: ${turnId(1)}, ${turnId(2)}`);
});

test('an active turn of a completed session', () => {
  const broken = brokenInvariants({ ...session, status: 'completed' });
  expect(broken).toEqual([`the session is completed with an active turn: ${turnId(1)}`]);
});

test('a turn that has ended without an end, begun without a start, or ended before it began', () => {
  expect(withTurns({ ...first, state: 'ended' })).toEqual([`turn ${first.id} is ended, which its end does not say`]);
  expect(withTurns({ ...second, state: 'active' })).toEqual([`turn ${second.id} is active without a start`]);
  const ended = { ...first, state: 'ended', used_ms: 0, overtime_ms: 0, ended_at: '2020-01-01T00:00:00.000Z' } as const;
  expect(withTurns(ended)).toEqual([`turn ${first.id} ends before it starts`]);
});

test('a clock that is neither held nor running', () => {
  const text = `turn ${first.id} has a clock that is neither held nor running`;
  expect(withTurns({ ...first, paused_by: [] })).toContain(text);
  expect(withTurns({ ...first, paused_since: null })).toEqual([text]);
  expect(withTurns({ ...first, paused_ms: -1 })).toEqual([text]);
});

test('a ruling without its fields, or two rulings awaited in one turn', () => {
  expect(withObjections({ ...objection, state: 'sustained' })).toContain(
    `objection ${OBJECTION} is sustained without its ruling`,
  );
  expect(withObjections(objection, { ...objection, id: SECOND })).toEqual([
    `turn ${first.id} has 2 pending objections`,
  ]);
});

test('a clock that is held for an objection that is decided, or runs while a ruling is awaited', () => {
  const held = `turn ${first.id} is held for an objection while no ruling is awaited`;
  expect(withObjections({ ...objection, state: 'reserved' })).toEqual([held]);
  expect(withObjections({ ...objection, turn_id: second.id })).toEqual([held]);
  const free = { ...first, paused_by: [], paused_since: null };
  expect(withTurns(free)).toEqual([`turn ${first.id} is not held while a ruling is awaited`]);
  const format = variant('moot-20', { pauses: { objection: false, question: false } });
  expect(brokenInvariants({ ...session, format, turns: [free] })).toEqual([]);
});

describe('an exhibit', () => {
  const events = round('moot-20', uploaded(), marked(), speaking(1), tendered, admitted);
  const court = given(...events).states().session as SessionState;
  const [exhibit] = court.exhibits as [Exhibit];
  const broken = (...exhibits: Exhibit[]) => brokenInvariants({ ...court, exhibits });

  test('is as its state says', () => {
    expect(broken(exhibit)).toEqual([]);
    expect(broken({ ...exhibit, number: null })).toEqual([`exhibit ${EXHIBIT} is admitted with number null`]);
    expect(broken({ ...exhibit, marked_at: null })).toEqual([`exhibit ${EXHIBIT} is admitted with number 1`]);
    expect(broken({ ...exhibit, ruled_at: null })).toEqual([
      `exhibit ${EXHIBIT} is admitted, which its ruling does not say`,
    ]);
    expect(broken({ ...exhibit, turn_id: null })).toEqual([`exhibit ${EXHIBIT} is admitted without its tender`]);
    expect(broken({ ...exhibit, withdrawn_at: exhibit.ruled_at })).toEqual([
      `exhibit ${EXHIBIT} is admitted, which its withdrawal does not say`,
    ]);
    const early = { ...exhibit, state: 'uploaded', ruled_at: null, ruled_by: null } as const;
    expect(broken(early)).toEqual([`exhibit ${EXHIBIT} is uploaded with number 1`]);
  });

  test('has a number of its own within its side', () => {
    expect(broken(exhibit, { ...exhibit, id: SECOND })).toEqual([`exhibit ${SECOND} is P-1, which another is already`]);
    expect(broken(exhibit, { ...exhibit, id: SECOND, side: 'respondent' })).toEqual([]);
  });
});
