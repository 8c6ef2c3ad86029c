/** Every event that a console may be told is heard by whom it is for, as its schema has it, and by nobody else. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONSOLE_EVENTS, type ConsoleAudience, type ConsoleEvent } from '../../src/infra/console/tellConsole.ts';
import { signToken } from '../../src/infra/tokens.ts';
import { describedInConsole } from '../../src/live/consoleExamples.ts';
import { type Cast, cast, get, type Json, must, type Person, post } from '../support/client.ts';
import { type Console, openConsole, tellFrom } from '../support/consoles.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

/** Told to nobody: each relay makes it of what it sees. */
const MADE_BY_RELAYS: ConsoleEvent = 'network_topology_update';
const FOR_ADMINS: ConsoleEvent[] = ['admin_notification', 'policy_update', 'threat_alert'];
const TOLD = CONSOLE_EVENTS.filter((event) => event !== MADE_BY_RELAYS);

describe.skipIf(isLeftOut)(`what consoles are told, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack?.stop());

  async function open(who: Pick<Person, 'token'>, room: string): Promise<Console> {
    const console = await openConsole(stack.relayUrl, who);
    console.say(room);
    await console.until('room_joined');
    console.say('subscribe_risk_score');
    await console.until('subscribed');
    return console;
  }

  const bodyOf = (event: ConsoleEvent) => {
    const { type: _, ...body } = describedInConsole[event].example as Json;
    return body;
  };
  const tell = (event: ConsoleEvent, to: ConsoleAudience) => tellFrom(stack, { event, to, body: bodyOf(event) });
  /** What was said after is heard: so was, or is not to come, what was said before. */
  const settled = async (console: Console) => {
    console.say('ping');
    await console.until('pong');
  };

  /** The same person, signed in anew. */
  function signIn({ id: sub, institution_id, ...who }: Person): Person {
    const claims = { sid: randomUUID(), exp: Math.floor(Date.now() / 1_000) + 3_600 };
    return {
      ...who,
      id: sub,
      institution_id,
      token: signToken({ sub, role: 'judge', institution_id, ...claims }, SECRET),
    };
  }
  async function loginOf(who: Person): Promise<string> {
    const current = async () =>
      (await must(get(stack.url, '/auth/sessions', who))).items.find((login: Json) => login.current)?.id;
    await expect.poll(current, { timeout: 20_000 }).toEqual(expect.any(String));
    return current();
  }

  test.each(TOLD.filter((event) => !FOR_ADMINS.includes(event) || event === 'threat_alert'))(
    '%s is heard by the person',
    async (event) => {
      const [own, other] = [await open(people.judge, 'join_user_room'), await open(people.bailiff, 'join_user_room')];
      await tell(event, { user_id: people.judge.id });
      expect(await own.until(event)).toEqual({ type: event, ...bodyOf(event) });
      await settled(other);
      expect(other.heard()).toEqual([]);
    },
  );

  test.each(FOR_ADMINS)('%s is heard by the admins of the institution', async (event) => {
    const [own, other] = [await open(people.admin, 'join_admin_room'), await open(cast().admin, 'join_admin_room')];
    await tell(event, { admins: people.institution_id });
    expect(await own.until(event)).toEqual({ type: event, ...bodyOf(event) });
    await settled(other);
    expect(other.heard()).toEqual([]);
  });

  test('what is told to one sign-in is heard there alone', async () => {
    const [one, two] = [signIn(people.presiding), signIn(people.presiding)];
    const login_id = await loginOf(one);
    const [own, other] = [await open(one, 'join_user_room'), await open(two, 'join_user_room')];
    for (const event of ['session_monitoring', 'reauthentication_required', 'session_terminated'] as const) {
      await tell(event, { login_id });
      await own.until(event);
    }
    expect(await own.ended).toBe('io server disconnect');
    await settled(other);
    expect(other.heard()).toEqual([]);
    await tell('risk_score_update', { login_id, user_id: people.presiding.id });
    await other.until('risk_score_update');
  });

  test('a sign-in that is terminated is told so on its consoles, and others of the person stay', async () => {
    const [stolen, mine] = [signIn(people.outsideJudge), signIn(people.outsideJudge)];
    const login_id = await loginOf(stolen);
    const [thief, own] = [await open(stolen, 'join_user_room'), await open(mine, 'join_user_room')];
    await must(post(stack.url, `/auth/sessions/${login_id}/terminate`, mine, { reason: 'A laptop was stolen.' }));
    expect(await thief.until('session_terminated')).toMatchObject({ reason: expect.any(String) });
    await thief.ended;
    await settled(own);
    expect(own.heard()).toEqual([]);
  });
});
