/**
 * What assurance costs commands: rounds of three runs on one server. `bare`: nothing is switched on, and the audit trail is locked
 * away, so that it follows nothing. `off`: as it is installed, with the audit trail. `on`: telemetry and policies are switched on, of which
 * one observes and one enforces what is sent, and each login session sends a batch of telemetry every half minute, as `collect()` does, of a person who did not rest meanwhile. Tokens name a sign-in of an hour ago, so that
 * the context of requests is asked for; login sessions are always noted. Fails where one of it was not at work.
 */
import pg from 'pg';
import { signToken } from '../src/infra/tokens.ts';
import { syntheticPerson } from '../test/support/syntheticPeople.ts';
import { measureConditions, ratiosOf, tableOf } from './conditions.ts';
import { type Docket, type Grounds, openGrounds } from './grounds.ts';
import { type Contestant, enterContestant } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults } from './report.ts';
import { SECRET } from './servers.ts';
import { BATCH_EVERY_MS, batchOf } from './telemetryBatch.ts';

const ISSUER = 'https://sign-in.example.org';
const SIGNED_IN_BEFORE_SECONDS = 3_600;
const GOOD_FOR_SECONDS = 6 * 3_600;
const LEAST = 0.95;
/** Every admin passes: refusals would be no commands. */
const RULE = {
  resource_type: 'session.log',
  allowed_roles: ['admin', 'super_admin'],
  min_confidence: 50,
  step_up: false,
};

export async function benchAssurance(options: BenchOptions): Promise<void> {
  const { rounds, seconds, signal } = options;
  const opened = await openGrounds();
  const grounds = { ...opened, dockets: opened.dockets.map(signedIn) };
  try {
    const contestant = await enterContestant(grounds, 'ours', signal, { settings: { JWT_ISSUER: ISSUER } });
    const client = new pg.Client({ connectionString: contestant.databaseUrl });
    await client.connect();
    try {
      await prepare(contestant, grounds);
      const found = await measureConditions(grounds, contestant, conditionsOf(contestant, grounds, client), options);
      await demandAtWork(client, grounds.dockets.length);
      console.log(tableOf('assurance', found));
      const ratios = { on: ratiosOf(found.on, found.bare), off: ratiosOf(found.off, found.bare) };
      for (const [name, { ratio, cpu_ratio }] of Object.entries(ratios)) {
        console.log(`commands/s, ${name} / bare, median of ${rounds} rounds: ${ratio.toFixed(3)} (at least ${LEAST})`);
        console.log(`processor time of a command, bare / ${name}, median: ${cpu_ratio.toFixed(3)} (at least ${LEAST})`);
      }
      await keepResults('assurance', { seconds, found, ratios });
    } finally {
      await client.end();
      await contestant.leave();
    }
  } finally {
    await opened.stop();
  }
}

/** The same person, with a token of an identity provider. */
function signedIn(docket: Docket, n: number): Docket {
  const now = Math.floor(Date.now() / 1_000);
  const { id: sub, institution_id } = docket.admin;
  const auth_time = now - SIGNED_IN_BEFORE_SECONDS;
  const names = { iss: ISSUER, sid: `sign-in ${n}`, jti: `token ${n}` };
  const claims = {
    sub,
    role: 'admin',
    institution_id,
    ...names,
    auth_time,
    iat: auth_time,
    exp: now + GOOD_FOR_SECONDS,
  };
  return { ...docket, token: signToken(claims as never, SECRET) };
}

type Post = (docket: Docket, path: string, body: object) => Promise<{ result: { id: string } }>;

function postTo({ running }: Contestant): Post {
  return async ({ token }, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${running.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

async function switchTo(isOn: boolean, post: Post, docket: Docket): Promise<void> {
  const settings = { telemetry: isOn, policies: isOn };
  await post(docket, `/api/institution/${docket.admin.institution_id}/settings`, settings);
}

/** Policies, and consents. */
async function prepare(contestant: Contestant, { dockets }: Grounds): Promise<void> {
  const post = postTo(contestant);
  const admin = dockets[0]!;
  await switchTo(true, post, admin);
  await post(admin, '/policies/create', { name: 'Observes', rules: [RULE] });
  const { result } = await post(admin, '/policies/create', { name: 'Enforces', rules: [RULE] });
  await post(admin, `/policies/${result.id}/activate`, { mode: 'enforce', force: true });
  for (const docket of dockets) await post(docket, '/telemetry/consent', { given: true });
  await switchTo(false, post, admin);
}

function conditionsOf(contestant: Contestant, { dockets }: Grounds, client: pg.Client) {
  const post = postTo(contestant);
  const admin = dockets[0]!;
  const batches = dockets.map((_, n) => batchOf(syntheticPerson(n)));
  let stop = async () => {};
  let sent = 0;
  // Of one login session after the other, and of none again before its half minute is over.
  const send = () => {
    const n = sent % dockets.length;
    sent += 1;
    const metadata = { started_at: new Date(Date.now() - BATCH_EVERY_MS).toISOString() };
    return post(dockets[n]!, '/telemetry/batches', { ...batches[n], metadata });
  };
  return [
    {
      name: 'bare' as const,
      enter: async () => void (await client.query('begin; select from audit_mark for update')),
      leave: async () => void (await client.query('commit')),
    },
    { name: 'off' as const, enter: async () => {} },
    {
      name: 'on' as const,
      async enter() {
        await switchTo(true, post, admin);
        stop = again(send, BATCH_EVERY_MS / dockets.length);
      },
      async leave() {
        await stop();
        await switchTo(false, post, admin);
      },
    },
  ];
}

/** @returns stops it @throws what went wrong meanwhile, then */
function again(send: () => Promise<unknown>, every_ms: number): () => Promise<void> {
  const sent: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    const sending = send();
    sending.catch(() => {});
    sent.push(sending);
  }, every_ms);
  return async () => {
    clearInterval(timer);
    await Promise.all(sent);
  };
}

const AT_WORK = `
  select (select count(*)::integer from logins) as logins, (select coalesce(sum(count), 0)::integer from policy_decisions) as decided,
    (select count(*)::integer from telemetry_batches) as batches, (select count(*)::integer from audit_entries) as entries`;

/** @throws where one of what is measured did nothing */
async function demandAtWork(client: pg.Client, people: number): Promise<void> {
  const { rows } = await client.query<Record<'logins' | 'decided' | 'batches' | 'entries', number>>(AT_WORK);
  const { logins, decided, batches, entries } = rows[0]!;
  console.log(
    `${logins} login sessions, ${decided} decisions of policies, ${batches} batches, ${entries} entries of the trail`,
  );
  if (logins < people || decided === 0 || batches === 0 || entries === 0) throw new Error('assurance was not at work');
}
