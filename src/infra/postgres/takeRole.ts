/**
 * What makes a connection fit to serve: it plays its role, with the settings of the role, and the server says so. Until
 * then nobody gets it, so that nothing is ever done as the login user. It is said after connecting, in one round trip: a pooler
 * would refuse what is said in the start-up options, or drop it without a word.
 */

import type pg from 'pg';
import { timings } from '../timings.ts';

/** By name, as the server would write the value: `15s` it calls `15s`, but `60s` it calls `1min`. */
export type SessionSettings = Readonly<Record<string, string>>;

export class RoleError extends Error {}

/**
 * @returns the process id of the server's backend
 * @throws {RoleError} where the login may not take the role, or the server does not confirm what was set
 */
export async function takeRole(client: pg.ClientBase, role: string, settings: SessionSettings): Promise<number> {
  const names = Object.keys(settings);
  const text = [
    `set role ${client.escapeIdentifier(role)}`,
    ...names.map((name) => `set ${name} to ${client.escapeLiteral(settings[name]!)}`),
    `select current_user::text as role, pg_backend_pid() as pid,
       array[${names.map((name) => `current_setting('${name}')`).join(', ')}]::text[] as found`,
  ].join('; ');
  const statement = { text, query_timeout: timings.postgres.take_role_within_ms };
  const results = await client.query(statement).catch((fault) => explain(fault, client, role));
  const { rows } = (results as unknown as pg.QueryResult[]).at(-1)!;
  const { role: current, pid, found } = rows[0] as { role: string; pid: number; found: string[] };
  if (current !== role)
    throw new RoleError(`The connection should play the role ${role}, and the server says ${current}.`);
  const wrong = names.findIndex((name, i) => found[i] !== settings[name]);
  if (wrong < 0) return pid;
  const name = names[wrong]!;
  throw new RoleError(`The connection should have ${name} = ${settings[name]}, and the server says ${found[wrong]}.`);
}

function explain(fault: Error & { code?: string }, client: pg.ClientBase, role: string): never {
  if (fault.code !== '42501') throw fault;
  const login = (client as pg.Client).user;
  throw new RoleError(
    `The login ${login} may not take the role ${role} (${fault.message}). Whoever may grant it says: grant ${role} to "${login}";`,
    { cause: fault },
  );
}
