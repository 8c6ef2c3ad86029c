/** A session of eight events that is only read, by an admin and at each API in turn. And what the values in answers look like. */
import { expect } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, post } from './client.ts';
import type { Stack } from './stack.ts';

export const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const HASH = expect.stringMatching(/^[0-9a-f]{64}$/);
export const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

export interface Hearing {
  people: Cast;
  session: { session_id: string; assignment_id: string; path: string };
  url(): string;
  /** The body of an answer that is as every read is answered. */
  read(path: string, who?: Person): Promise<Json>;
}

/** Created, started, two joins, a leave, a rejoin, two entries. */
export async function holdHearing(stack: Stack): Promise<Hearing> {
  const people = cast();
  const session = await openSession(stack.url, people);
  const act = (who: Person, verb: string, body?: object) => must(post(stack.url, `${session.path}/${verb}`, who, body));
  await act(people.petitioner, 'join', { role: 'petitioner', client_info: { agent: 'tablet' } });
  await act(people.presiding, 'join', { role: 'judge' });
  await act(people.petitioner, 'leave');
  await act(people.petitioner, 'join', { role: 'petitioner' });
  for (const n of [1, 2]) await act(people.presiding, 'log', { event_type: 'NOTE', details: { n } });

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;

  async function read(path: string, who: Person = people.admin): Promise<Json> {
    const { status, headers, body } = await get(url(), path, who);
    expect({ path, status }).toEqual({ path, status: 200 });
    expect(headers.get('content-type')).toContain('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    return body;
  }

  return { people, session, url, read };
}
