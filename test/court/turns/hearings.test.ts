/**
 * Real hearings held as turns, at the times of their sheets: each section is a turn, each utterance of the bench a question.
 * Whether questions stop the clock or not, it says at every moment what the sheet says, to the millisecond.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../../src/core/chain/ledger.ts';
import type { Actor } from '../../../src/core/definitions/actor.ts';
import { deadlineOf } from '../../../src/court/turns/clock.ts';
import { activeTurn } from '../../../src/court/turns/turn.ts';
import { brokenInvariants } from '../../../src/court/turns/turnInvariants.ts';
import {
  ALLOTTED_MS,
  formatOf,
  type Hearing,
  hearings,
  type Speech,
  speechesOf,
} from '../../support/argumentTimings.ts';
import { type FoldedCourt, openFoldedCourt } from '../../support/foldedCourt.ts';
import { INSTITUTION, match, system } from '../../support/matchFixture.ts';

/** What the sheet says of a speech. */
function sheetOf({ kind, start_ms, stop_ms, utterances }: Speech, isStopped: boolean) {
  const length = (said: Speech['utterances']) => said.reduce((sum, one) => sum + one.stop_ms - one.start_ms, 0);
  const bench_ms = length(utterances.filter(({ isBench }) => isBench));
  const paused_ms = isStopped ? bench_ms : 0;
  const spoken_ms = stop_ms - start_ms - paused_ms;
  let left_ms = ALLOTTED_MS[kind];
  let expired_ms: number | null = null;
  for (const { isBench, ...said } of utterances) {
    if (isStopped && isBench) continue;
    const ms = said.stop_ms - said.start_ms;
    if (expired_ms === null && left_ms <= ms) expired_ms = said.start_ms + left_ms;
    left_ms -= ms;
  }
  return { paused_ms, spoken_ms, expired_ms, questions: utterances.filter(({ isBench }) => isBench).length };
}

/** Holds the hearing at the times of its sheet, and looks at the clock at each of them. */
function hold(hearing: Hearing, isStopped: boolean) {
  const speeches = speechesOf(hearing);
  const ids = new Map(hearing.speakers.map((name) => [name, randomUUID()]));
  const seats = (fits: (name: string) => boolean) =>
    hearing.speakers.filter(fits).map((name) => ({ user_id: ids.get(name)!, name }));
  const isFirst = (name: string) => name === speeches[0]!.counsel;
  const panel = seats((name) => name.startsWith('bench')).map((seat, i) => ({ ...seat, presiding: i === 0 }));
  const respondent = seats((name) => name.startsWith('counsel') && !isFirst(name));
  const court = openFoldedCourt({
    ...match,
    ...{ title: hearing.docket, institution_id: INSTITUTION, panel, petitioner: seats(isFirst), respondent },
    format: formatOf(speeches, isStopped),
  });
  const presiding: Actor = { id: panel[0]!.user_id, role: 'judge', institution_id: INSTITUTION };
  const act = (name: string, body: object, actor = presiding) => {
    const { status, result, problem } = court.send(name, body as never, actor);
    expect({ status, problem }).toEqual({ status: 'applied', problem: undefined });
    return result;
  };
  let at_ms = 0;
  const goTo = (ms: number) => {
    court.wait(ms - at_ms);
    at_ms = ms;
  };
  act('session.start', {});
  const started_at = Date.parse(court.now());
  const onSheet = (instant: string) => Date.parse(instant) - started_at;

  /** Time passes until then; where a deadline passes, the system says so at that instant. */
  function advance(ms: number): void {
    const turn = activeTurn(court.session().turns);
    const deadline = turn?.expired_at === null ? deadlineOf(turn) : null;
    if (deadline !== null && onSheet(deadline) <= ms) {
      goTo(onSheet(deadline));
      act('turn.expire', { turn_id: turn!.id, deadline }, system);
    }
    goTo(ms);
  }

  for (const [i, { counsel, kind, start_ms, stop_ms, utterances }] of speeches.entries()) {
    const { id: turn_id } = court.session().turns[i]!;
    advance(start_ms);
    act('turn.start', { turn_id, speaker_id: ids.get(counsel) });
    let left_ms = ALLOTTED_MS[kind];
    for (const { speaker, isBench, ...said } of utterances) {
      if (isBench) {
        advance(said.start_ms);
        const { clock } = act('turn.question', { turn_id, phase: 'start', judge_id: ids.get(speaker) });
        expect(clock).toMatchObject({ remaining_ms: Math.max(0, left_ms), running: !isStopped });
      }
      if (!isBench || !isStopped) left_ms -= said.stop_ms - said.start_ms;
      if (isBench) {
        advance(said.stop_ms);
        const { clock } = act('turn.question', { turn_id, phase: 'end' });
        expect(clock).toMatchObject({ remaining_ms: Math.max(0, left_ms), overtime_ms: Math.max(0, -left_ms) });
        expect(onSheet(clock.deadline)).toBe(said.stop_ms + left_ms);
      }
    }
    advance(stop_ms);
    act('turn.end', { turn_id });
  }
  act('session.complete', { skip_turns: true });
  return { court, speeches, ids, onSheet };
}

describe.each([
  ['run on while the bench asks', false],
  ['stand still while the bench asks', true],
])('clocks that %s', (_, isStopped) => {
  test.each(hearings.map((hearing) => [hearing.docket, hearing] as const))(
    'agree with the sheet of %s',
    (_, hearing) => {
      const { court, speeches, ids, onSheet } = hold(hearing, isStopped);
      const { turns } = court.session();
      for (const [i, speech] of speeches.entries()) {
        const turn = turns[i]!;
        const { paused_ms, spoken_ms, expired_ms, questions } = sheetOf(speech, isStopped);
        const used_ms = Math.min(spoken_ms, ALLOTTED_MS[speech.kind]);
        expect(turn).toMatchObject({ state: 'ended', speaker_id: ids.get(speech.counsel), questions, paused_ms });
        expect(turn).toMatchObject({ used_ms, overtime_ms: spoken_ms - used_ms });
        expect([turn.started_at!, turn.ended_at!].map(onSheet)).toEqual([speech.start_ms, speech.stop_ms]);
        expect(turn.expired_at && onSheet(turn.expired_at)).toBe(expired_ms);
      }
      const total = turns.reduce((sum, turn) => sum + turn.used_ms! + turn.overtime_ms! + turn.paused_ms, 0);
      expect(total).toBe(speeches.reduce((sum, { start_ms, stop_ms }) => sum + stop_ms - start_ms, 0));
      const expiries = court.rows.filter(({ event_type }) => event_type === 'TURN_EXPIRED');
      expect(expiries).toHaveLength(turns.filter(({ expired_at }) => expired_at !== null).length);
      expectSealed(court);
    },
  );
});

/** The chain is whole, the rows say what the events say, and nothing is open. */
function expectSealed(court: FoldedCourt): void {
  const chain = court.rows.filter(({ stream }) => stream.startsWith('session:'));
  for (const [i, row] of chain.entries()) {
    expect(hashOf(row)).toBe(row.event_hash);
    if (i > 0) expect(row.previous_hash).toBe(chain[i - 1]!.event_hash);
  }
  expect(chain.at(-1)).toMatchObject({ event_type: 'SESSION_COMPLETED', sequence: chain.length });
  expect(brokenInvariants(court.session())).toEqual([]);
  court.expectFolded();
}
