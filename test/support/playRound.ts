/** A whole round over HTTP, quickly: turns, one of them continued, a question, objections, violations, and the seal. */
import { type Cast, get, type Json, must, openSession, type Person, post } from './client.ts';

/** @returns the completed session's id */
export async function playWholeRound(url: string, people: Cast): Promise<string> {
  const { session_id, path } = await openSession(url, people);
  const { petitioner, respondent, presiding, bailiff } = people;
  const act = async (verb: string, body: Json, who: Person = presiding): Promise<Json> =>
    (await must(post(url, `${path}/${verb}`, who, body))).result;
  const { items } = await must(get(url, `${path}/turns`, presiding));
  const [first, , reply, , rebuttal] = (items as Json[]).map(({ id }) => ({ turn_id: id as string }));

  await act('turn/reserve_rebuttal', { ...rebuttal, reserved_ms: 60_000 }, bailiff);
  await act('turn/start', { ...first, speaker_id: petitioner.id });
  await act('turn/question', { ...first, phase: 'start' });
  await act('turn/question', { ...first, phase: 'end' });
  const objection = { ...first, ground: 'misrepresentation', reason: 'Not what page 3 says.' };
  const { id: ruled } = await act('objection/raise', objection, respondent);
  await act('objection/rule', { objection_id: ruled, decision: 'sustained', ruling: 'Rephrase, counsel.' });
  await act('turn/end', first!);
  const { id: rest } = await act('turn/plan', { continues: first!.turn_id }, bailiff);
  await act('turn/start', { turn_id: rest, speaker_id: petitioner.id });
  await act('turn/end', { turn_id: rest });
  await act('turn/start', { ...reply, speaker_id: respondent.id });
  const { id: withdrawn } = await act('objection/raise', { ...reply, ground: 'procedural' }, petitioner);
  await act('objection/withdraw', { objection_id: withdrawn }, petitioner);
  await act('turn/end', reply!);
  await act('turn/waive_rebuttal', rebuttal!);
  await act('violation/record', { user_id: respondent.id, kind: 'late', description: 'Ten minutes late.' }, bailiff);
  await act('violation/record', {
    ...{ ...reply, user_id: petitioner.id, kind: 'coaching', description: 'A note was passed.' },
  });
  await act('complete', { skip_turns: true });
  return session_id;
}
