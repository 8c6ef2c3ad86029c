/** What a session is sealed with: the second digest holds whether or not a text that can be erased is there. */
import { expect, test } from 'vitest';
import { objectionRuled } from '../../../src/court/objections/ruleObjection.ts';
import type { SessionState } from '../../../src/court/sessions/session.ts';
import { sessionDigest } from '../../../src/court/sessions/sessionDigest.ts';
import { EXHIBIT, rejected, uploaded } from '../../support/exhibits.ts';
import { given } from '../../support/given.ts';
import { petitioner, petitionerJoined, SEAT, turnId } from '../../support/matchFixture.ts';
import { OBJECTION, objecting, round, speaking } from '../../support/roundEvents.ts';

const ruled = objectionRuled({ objection_id: OBJECTION, decision: 'sustained', ruling: 'Rephrase.', clock: null });
const events = round('moot-20', petitionerJoined, uploaded(), rejected, speaking(1), objecting(1), ruled);
const { session } = given(...events).states() as { session: SessionState };

const without: { [text: string]: (state: SessionState) => SessionState } = {
  [`${SEAT} name`]: (state) => {
    const seat = { ...state.participants[petitioner.id]!, name: '' };
    return { ...state, participants: { ...state.participants, [petitioner.id]: seat } };
  },
  [`${turnId(1)} speaker_name`]: (state) => ({ ...state, turns: blanked(state.turns, 'speaker_name') }),
  [`${OBJECTION} reason`]: (state) => ({ ...state, objections: blanked(state.objections, 'reason') }),
  [`${OBJECTION} ruling`]: (state) => ({ ...state, objections: blanked(state.objections, 'ruling') }),
  [`${EXHIBIT} title`]: (state) => ({ ...state, exhibits: blanked(state.exhibits, 'title') }),
  [`${EXHIBIT} ruling`]: (state) => ({ ...state, exhibits: blanked(state.exhibits, 'ruling') }),
};

function blanked<Item extends object>(list: readonly Item[], field: keyof Item): Item[] {
  return list.map((one) => (one[field] === null ? one : { ...one, [field]: '' }));
}

test('the state knows of every text that can be erased which payload it came from', () => {
  expect(Object.keys(session.commitments).sort()).toEqual(Object.keys(without).sort());
});

test.each(Object.keys(without))('the seal holds without %s, and breaks where it came from another payload', (text) => {
  const digest = sessionDigest(session, 2);
  expect(sessionDigest(without[text]!(session), 2)).toBe(digest);
  const commitments = { ...session.commitments, [text]: '0'.repeat(64) };
  expect(sessionDigest({ ...session, commitments }, 2)).not.toBe(digest);
});

test('the seal breaks with anything else that is changed', () => {
  const changed = session.turns.map((turn) => ({ ...turn, allotted_ms: turn.allotted_ms + 1 }));
  expect(sessionDigest({ ...session, turns: changed }, 2)).not.toBe(sessionDigest(session, 2));
  expect(sessionDigest({ ...session, id: '' } as SessionState, 2)).not.toBe(sessionDigest(session, 2));
});

test('the first digest takes the texts themselves, and nothing that it did not know', () => {
  const digest = sessionDigest(session, 1);
  expect(sessionDigest(without[`${EXHIBIT} title`]!(session), 1)).not.toBe(digest);
  const later = session.turns.map((turn) => ({ ...turn, void_reason: null }));
  expect(sessionDigest({ ...session, turns: later, commitments: {} }, 1)).toBe(digest);
});

test('a digest that only a newer version knows is none', () => {
  expect(sessionDigest(session, 3)).toBeUndefined();
});
