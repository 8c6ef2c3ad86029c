/**
 * `npm start -- --demo`: a round of a tournament that is brought in, and a short one of our own making, played over HTTP with a
 * listener on a socket, then verified.
 */
import { randomUUID } from 'node:crypto';
import { type Client, connect } from '../client/node.ts';
import { signToken } from '../infra/tokens.ts';
import { call, type Json, type Person } from './demoCalls.ts';
import { showImportedRound } from './demoFeed.ts';

export async function playDemo(url: string, secret: string, say: (line: string) => void): Promise<void> {
  const institution_id = randomUUID();
  const [admin, judge, petitioner, respondent] = ['admin', 'judge', 'participant', 'participant'].map((role) => {
    const user_id = randomUUID();
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    return { user_id, token: signToken({ sub: user_id, role, institution_id, exp }, secret) };
  }) as [Person, Person, Person, Person];
  const post = async (who: Person, path: string, body: Json = {}) =>
    (await call(url, who, 'POST', path, body)).result as Json;
  const get = (who: Person, path: string) => call(url, who, 'GET', path);

  await showImportedRound(url, admin, say);
  say('demo: a short round');
  const assignment = await post(admin, '/api/assignment/create', {
    title: 'Meridian v. Harbour Authority',
    courtroom: 'Demo courtroom',
    scheduled_at: new Date().toISOString(),
    petitioner: [{ user_id: petitioner.user_id, name: 'Ada Petrova' }],
    respondent: [{ user_id: respondent.user_id, name: 'Rui Santos' }],
    panel: [{ user_id: judge.user_id, name: 'Judge Okafor', presiding: true }],
    visibility: 'institution',
  });
  const { id: session_id } = await post(judge, '/api/session/create', { assignment_id: assignment.id });
  const id = session_id as string;
  const listener = listen(url, id, petitioner, say);
  await listener.synced;
  const path = `/api/session/${id}`;
  await post(judge, `${path}/start`);
  await post(judge, `${path}/join`, { role: 'judge' });
  await post(petitioner, `${path}/join`, { role: 'petitioner' });
  await post(respondent, `${path}/join`, { role: 'respondent' });
  const docket = 'Meridian v. Harbour Authority';
  await post(judge, `${path}/log`, { event_type: 'CASE_CALLED', details: { docket } });
  await argue({ post, get, path, judge, petitioner, respondent, say });
  await post(judge, `${path}/complete`, { skip_turns: true });
  await listener.completed;
  const verdict = await get(judge, `${path}/verify`);
  say(`demo: ${verdict.message}`);
  const link = new URLSearchParams({ session: id, token: judge.token });
  say(`demo: the record stays; to look at it for an hour: ${url}/live#${link}`);
}

/** One speech, with a question of the bench, and an objection that stops its clock until the ruling. */
async function argue({ post, get, path, judge, petitioner, respondent, say }: Courtroom): Promise<void> {
  const { items } = (await get(judge, `${path}/turns`)) as { items: { id: string }[] };
  const turn = { turn_id: items[0]!.id };
  await post(judge, `${path}/turn/start`, { ...turn, speaker_id: petitioner.user_id });
  await post(judge, `${path}/turn/question`, { ...turn, phase: 'start' });
  await post(judge, `${path}/turn/question`, { ...turn, phase: 'end' });
  const objecting = { ...turn, ground: 'misrepresentation', reason: 'The charter says nothing of the kind.' };
  const objection = await post(respondent, `${path}/objection/raise`, objecting);
  const { clock } = (await get(judge, path)) as { clock: { remaining_ms: number } };
  say(`demo: the clock stands at ${clock.remaining_ms} ms until the bench has ruled`);
  const ruling = { decision: 'overruled', ruling: 'Clause 4 does. Go on, counsel.' };
  await post(judge, `${path}/objection/rule`, { objection_id: objection.id, ...ruling });
  await post(judge, `${path}/turn/end`, turn);
}

interface Courtroom {
  /** Answers the command's result. */
  post(who: Person, path: string, body?: Json): Promise<Json>;
  get(who: Person, path: string): Promise<Json>;
  path: string;
  judge: Person;
  petitioner: Person;
  respondent: Person;
  say(line: string): void;
}

/** @throws by its promises where the chain does not hold: the demo then fails */
function listen(url: string, session: string, { token }: Person, say: (line: string) => void) {
  const client = connect({ url, session, token, from: 0 });
  const synced = until(client, (done) => client.on('state', (state) => state === 'live' && done()));
  const completed = until(client, (done) =>
    client.on('event', ({ event_type }) => event_type === 'SESSION_COMPLETED' && done()),
  ).finally(client.close);
  client.on('event', ({ event_sequence, event_type, event_hash }) =>
    say(`  live ${String(event_sequence).padStart(3)}  ${event_type.padEnd(20)} ✓ ${event_hash.slice(0, 16)}…`),
  );
  return { synced, completed };
}

function until(client: Client, when: (done: () => void) => void): Promise<void> {
  const reached = new Promise<void>((resolve, reject) => {
    when(resolve);
    client.on('broken', reject);
    client.on('error', reject);
  });
  // It is looked at only when the round has been played so far.
  reached.catch(() => {});
  return reached;
}
