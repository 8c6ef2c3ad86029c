/** Resume tickets over real sockets: who comes back with one, who does not, and that each is good once. */
import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { NO_REVOCATIONS } from '../../src/infra/revocations.ts';
import { ticketKeysOf } from '../../src/infra/ticketKeys.ts';
import { createTokens, type Tokens } from '../../src/infra/tokens.ts';
import { type Cast, cast, type Json, must, openSession, post } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;
let tokens: Tokens;
const open: Listener[] = [];
const KEYS = {
  ...{ secret: SECRET, publicKey: undefined, issuer: undefined, audience: undefined },
  revocations: NO_REVOCATIONS,
};
const holder: Actor = { id: `observer:${randomUUID()}`, role: 'observer', institution_id: null };

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
  const { rows } = await stack.pool.query('select secret from ticket_secrets');

  tokens = createTokens({ ...KEYS, ticketKeys: ticketKeysOf(rows[0].secret) });
});
afterAll(async () => {
  for (const listener of open) listener.close();
  await stack?.stop();
});

/** The same ticket, of an hour ago. */
function endedAgain(ticket: string): string {
  const { sub, jti, session_id } = jwt.decode(ticket) as Json;
  const of = { id: sub as string, role: 'observer' as const, institution_id: null };
  const expires_at = new Date(Date.now() - 3_600_000).toISOString();
  return tokens.issueTicket({ id: jti, holder: of, session_id, expires_at });
}

/** An observer's ticket that is good for so long. */
function ticketFor(session_id: string, seconds: number): string {
  const expires_at = new Date(Date.now() + seconds * 1_000).toISOString();
  return tokens.issueTicket({ holder, session_id, expires_at });
}

const TRANSPORTS = {
  websocket: (url: string, options: ListenOptions) => listenOnWebSocket(url, options),
  'socket.io': (url: string, options: ListenOptions) => listenOnSocketIo(url, options),
};
const UNAUTHENTICATED = /401|A valid token|The token is/;

describe.skipIf(isLeftOut).each(Object.entries(TRANSPORTS))(`coming back on %s, ${kind}`, (_, connect) => {
  const listen = async (options: ListenOptions, url = stack.relayUrl) => {
    const listener = await connect(url, options);
    open.push(listener);
    return { listener, welcome: await listener.until(({ type }) => type === 'WELCOME') };
  };
  const ticketOf = ({ resume_ticket }: Json) => resume_ticket as string;

  test('a ticket is given with each welcome, short and never the same', async () => {
    const { session_id } = await openSession(stack.url, people);
    const token = people.student.token;
    const [one, other] = [await listen({ token, session_id }), await listen({ token, session_id })];
    expect(ticketOf(one.welcome)).toMatch(/^[\w-]{22}$/);
    expect(ticketOf(other.welcome)).toMatch(/^[\w-]{22}$/);
    expect(ticketOf(one.welcome)).not.toBe(ticketOf(other.welcome));
  });

  test('an observer whose own ticket has ended comes back with it once, on any relay', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    const { listener, welcome } = await listen({ token: ticketFor(session_id, 60), session_id });
    listener.close();
    await listener.closed;
    const ended = ticketFor(session_id, -60);
    await expect(listen({ token: ended, session_id })).rejects.toThrow(UNAUTHENTICATED);
    const elsewhere = stack.relays.at(-1)!;
    const back = { token: ended, session_id, last_sequence: 0, resume_ticket: ticketOf(welcome) };
    const { welcome: again } = await listen(back, elsewhere);
    for (const url of stack.relays) await expect(listen(back, url)).rejects.toThrow(UNAUTHENTICATED);
    // The second welcome's ticket goes on from there.
    await listen({ ...back, resume_ticket: ticketOf(again) });
  });

  test('of a crowd that comes with one ticket one alone is let in', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    const { welcome } = await listen({ token: ticketFor(session_id, 60), session_id });
    const back = { token: ticketFor(session_id, -60), session_id, resume_ticket: ticketOf(welcome) };
    const tries = Array.from({ length: 10 }, (_unused, i) => listen(back, stack.relays[i % stack.relays.length]));
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('a ticket is good for its own session and its own bearer, and a try in vain does not use it up', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    const { session_id: another } = await openSession(stack.url, people, { visibility: 'public' });
    const { welcome } = await listen({ token: ticketFor(session_id, 60), session_id });
    const resume_ticket = ticketOf(welcome);
    const thief: Actor = { ...holder, id: `observer:${randomUUID()}` };
    const expires_at = new Date(Date.now() - 60_000).toISOString();
    const stolen = tokens.issueTicket({ holder: thief, session_id, expires_at });
    for (const tried of [
      { token: stolen, session_id, resume_ticket },
      { token: ticketFor(another, -60), session_id: another, resume_ticket },
      { token: ticketFor(session_id, -60), session_id, resume_ticket: 'x'.repeat(22) },
      { token: ticketFor(session_id, -60), session_id, resume_ticket: '' },
    ]) {
      await expect(listen(tried)).rejects.toThrow(UNAUTHENTICATED);
    }
    const malformed = { token: ticketFor(session_id, -60), session_id, last_sequence: 'x', resume_ticket };
    await expect(listen(malformed)).rejects.toThrow(/422|schema/);
    await listen({ token: ticketFor(session_id, -60), session_id, resume_ticket });
  });

  test('an observation that was left lets nobody back in', async () => {
    const { session_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    const { result } = await must(post(stack.url, `${path}/observe`, null, {}));
    const ended = { token: endedAgain(result.ticket), session_id };
    const { welcome } = await listen({ token: result.ticket, session_id });
    const { welcome: again } = await listen({ ...ended, resume_ticket: ticketOf(welcome) });
    await must(post(stack.url, `${path}/observe/${result.id}/leave`, null, {}));
    await expect(listen({ ...ended, resume_ticket: ticketOf(again) })).rejects.toThrow(UNAUTHENTICATED);
  });

  test('a forged ticket of an observer is let in by no resume ticket', async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    const { welcome } = await listen({ token: ticketFor(session_id, 60), session_id });

    const expires_at = new Date(Date.now() - 60_000).toISOString();
    const forged = createTokens({ ...KEYS, ticketKeys: ticketKeysOf('of another') }).issueTicket({
      holder,
      session_id,
      expires_at,
    });
    const back = { token: forged, session_id, resume_ticket: ticketOf(welcome) };
    await expect(listen(back)).rejects.toThrow(UNAUTHENTICATED);
  });

  test("an observer's connection outlives the ticket that it came with", async () => {
    const { session_id } = await openSession(stack.url, people, { visibility: 'public' });
    // With the leeway of five seconds it is still let in.
    const { listener } = await listen({ token: ticketFor(session_id, -1), session_id });
    await listener.until(({ type }) => type === 'SYNCED');
    listener.send({ type: 'PING' });
    await listener.until(({ type }) => type === 'PONG');
    expect(listener.messages.filter(({ type }) => type === 'ERROR')).toEqual([]);
  });
});
