/** `npm start -- --demo`: a short round of our own making, played over HTTP with a listener on a socket, then verified. */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { signToken } from './infra/tokens.ts';

type Json = { [key: string]: unknown };

const SCRIPT: [type: string, details: Json][] = [
  ['CASE_CALLED', { docket: 'Meridian v. Harbour Authority', by: 'bailiff' }],
  ['APPEARANCE', { for: 'petitioner', time_reserved_seconds: 120 }],
  ['ARGUMENT_OPENED', { for: 'petitioner', point: 'The berth was closed without notice.' }],
  ['BENCH_QUESTION', { by: 'presiding', text: 'Counsel, which clause of the charter do you rely on?' }],
  ['ARGUMENT_OPENED', { for: 'respondent', point: 'Notice was posted; the charter asks no more.' }],
  ['REBUTTAL', { for: 'petitioner', point: 'Posted where no master could read it.' }],
];

export async function playDemo(url: string, secret: string, say: (line: string) => void): Promise<void> {
  const institution_id = randomUUID();
  const [admin, judge, petitioner, respondent] = ['admin', 'judge', 'participant', 'participant'].map((role) => {
    const user_id = randomUUID();
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    return { user_id, token: signToken({ sub: user_id, role, institution_id, exp }, secret) };
  }) as [Person, Person, Person, Person];
  const post = (who: Person, path: string, body: Json = {}) => call(url, who, 'POST', path, body);

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
  const session = await post(judge, '/api/session/create', { assignment_id: (assignment.result as Json).id });
  const id = (session.result as Json).id as string;
  const listener = listen(url, id, petitioner, say);
  await listener.synced;
  const path = `/api/session/${id}`;
  await post(judge, `${path}/start`);
  await post(judge, `${path}/join`, { role: 'judge' });
  await post(petitioner, `${path}/join`, { role: 'petitioner' });
  await post(respondent, `${path}/join`, { role: 'respondent' });
  for (const [event_type, details] of SCRIPT) await post(judge, `${path}/log`, { event_type, details });
  await post(judge, `${path}/complete`);
  await listener.completed;
  const verdict = await call(url, judge, 'GET', `${path}/verify`);
  say(`demo: ${verdict.message}`);
  say(`demo: the record stays at ${url}${path}/logs`);
}

interface Person {
  user_id: string;
  token: string;
}

/** @throws when the answer is not a success: a demo that fails says so */
async function call(url: string, { token }: Person, method: string, path: string, body?: Json): Promise<Json> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer.detail}`);
  return answer;
}

function listen(url: string, session_id: string, { token }: Person, say: (line: string) => void) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live/ws/${session_id}?last_sequence=0`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const until = (type: string, field: string) =>
    new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Json;
        if (message[field] === type) resolve();
      });
    });
  const synced = until('SYNCED', 'type');
  const completed = until('SESSION_COMPLETED', 'event_type').then(() => socket.close());
  socket.on('message', (data) => {
    const { type, event_sequence, event_type, event_hash } = JSON.parse(String(data)) as Record<string, string>;
    if (type === 'EVENT')
      say(`  live ${String(event_sequence).padStart(3)}  ${event_type!.padEnd(20)} ${event_hash!.slice(0, 16)}…`);
  });
  return { synced, completed };
}
