/** People as the tests speak for them: each with a token, sending commands and asking questions over HTTP. */
import { randomUUID } from 'node:crypto';
import { signToken } from '../../src/infra/tokens.ts';
import { checkAnswer } from './answers.ts';
import { ask } from './ask.ts';
import { SECRET } from './secret.ts';

export type Json = { [key: string]: any };

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface Person {
  id: string;
  token: string;
  institution_id: string | null;
  name: string;
}

/** Of each answer: of whom it was asked, and by whom. */
const askedBy = new WeakMap<Answer, { url: string; who: Person | null }>();

export interface PersonOptions {
  institution_id?: string | null;
  id?: string;
  name?: string;
  secret?: string;
  claims?: object;
}

export function person(role: string, options: PersonOptions = {}): Person {
  const { institution_id = null, id = randomUUID(), name = `A ${role}`, secret = SECRET, claims = {} } = options;
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const token = signToken({ sub: id, role, exp, ...(institution_id && { institution_id }), ...claims }, secret);
  return { id, token, institution_id, name };
}

/** Who does not say how long it waits is answered 202 after five seconds, which on a busy machine are over soon. */
const PATIENT = { prefer: 'wait=30' };

/** Sends as is: `body` may be text, to be able to be wrong. A command waits for its outcome unless `headers` say otherwise. */
export async function send(
  url: string,
  method: string,
  path: string,
  who: Person | null,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const told = await ask(url + path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(who && { authorization: `Bearer ${who.token}` }),
      ...(method !== 'GET' && PATIENT),
      ...headers,
    },
    ...(body !== undefined && {
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    }),
  });
  const { status, text } = told;
  const isJson = /json/.test(told.headers.get('content-type') ?? '');
  const answer = { status, headers: told.headers, body: isJson ? JSON.parse(text) : { text } };
  checkAnswer(method, path, answer);
  askedBy.set(answer, { url, who });
  return answer;
}

export const post = (url: string, path: string, who: Person | null, body?: unknown, headers?: Record<string, string>) =>
  send(url, 'POST', path, who, body, headers);
export const get = (url: string, path: string, who: Person | null, headers?: Record<string, string>) =>
  send(url, 'GET', path, who, undefined, headers);

/** An institution with the people of one match. */
export interface Cast {
  institution_id: string;
  admin: Person;
  presiding: Person;
  judge: Person;
  petitioner: Person;
  respondent: Person;
  bailiff: Person;
  /** Of the institution, but on no roster. */
  student: Person;
  outsideJudge: Person;
}

export function cast(institution_id: string = randomUUID()): Cast {
  const of = (role: string, name: string) => person(role, { institution_id, name });
  return {
    institution_id,
    admin: of('admin', 'Clerk'),
    presiding: of('judge', 'Judge Okafor'),
    judge: of('judge', 'Judge Lindqvist'),
    petitioner: of('participant', 'Ada Petrova'),
    respondent: of('participant', 'Rui Santos'),
    bailiff: of('moderator', 'Sam Bailey'),
    student: of('participant', 'Onlooker'),
    outsideJudge: of('judge', 'Judge Elsewhere'),
  };
}

export function assignmentBody(people: Cast, changes: Json = {}): Json {
  const entry = ({ id, name }: Person) => ({ user_id: id, name });
  return {
    title: 'Meridian v. Harbour Authority',
    courtroom: 'Courtroom 1',
    scheduled_at: '2026-11-21T10:00:00.000Z',
    petitioner: [entry(people.petitioner)],
    respondent: [entry(people.respondent)],
    panel: [{ ...entry(people.presiding), presiding: true }, entry(people.judge)],
    moderators: [entry(people.bailiff)],
    visibility: 'institution',
    ...changes,
  };
}

/** @throws when the answer is not a success */
export async function must(answer: Promise<Answer>): Promise<Json> {
  const { status, body } = await outcomeOf(await answer);
  if (status >= 300 || status === 202) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** A server may answer before the outcome of a command, where it stops or too many wait: it is asked for then. */
async function outcomeOf(answer: Answer): Promise<Answer> {
  const asked = askedBy.get(answer);
  if (answer.status !== 202 || asked === undefined || answer.body.command_id === undefined) return answer;
  const path = `/api/command/${answer.body.command_id}`;
  const outcome = await get(asked.url, path, asked.who, { prefer: 'wait=30' });
  return outcome.body.status === 'applied' ? outcome : answer;
}

/** A session of these people, created and, unless told otherwise, started. */
export async function openSession(
  url: string,
  people: Cast,
  {
    visibility = 'institution',
    start = true,
    ...changes
  }: { visibility?: string; start?: boolean; format?: unknown; gallery?: string } = {},
): Promise<{ assignment_id: string; session_id: string; path: string }> {
  const assignment = await must(
    post(url, '/api/assignment/create', people.admin, assignmentBody(people, { visibility, ...changes })),
  );
  const assignment_id = assignment.result.id as string;
  const session = await must(post(url, '/api/session/create', people.admin, { assignment_id }));
  const session_id = session.result.id as string;
  const path = `/api/session/${session_id}`;
  if (start) await must(post(url, `${path}/start`, people.presiding));
  return { assignment_id, session_id, path };
}
