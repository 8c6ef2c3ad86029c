/** What `plearoll doctor` looks at, each by itself: a line that is right, or says what to do. Nothing is changed. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type pg from 'pg';
import { DATABASE_ROLES, roleName } from '../core/sql/databaseRoles.ts';
import { unless } from '../infra/files.ts';
import { type ConnectionLimits, connectionsOf, readConnectionLimits } from '../infra/postgres/connections.ts';
import { type Durability, describeDurability, readDurability, survivesCrash } from '../infra/postgres/durability.ts';
import { type Alive, readAlive, readServing } from '../infra/postgres/heartbeat.ts';
import { demandOurRoles, demandOurs, OURS, readApplied } from '../infra/postgres/schema.ts';
import { takeRole } from '../infra/postgres/takeRole.ts';
import type { Config } from '../infra/process/config.ts';
import { weaknessOf } from '../infra/process/weakSecrets.ts';

export interface Line {
  /** A note asks for nothing. */
  verdict: 'right' | 'wrong' | 'note';
  subject: string;
  text: string;
}

const OLDEST_NODE = [20, 19] as const;
const OLDEST_POSTGRES = 15;
/** Of two clocks that are further apart than this, tokens made on one are refused on the other. */
const CLOCKS_APART_MS = 2_000;

const line = (verdict: Line['verdict'], subject: string, text: string): Line => ({ verdict, subject, text });

export function checkNode(version = process.versions.node): Line {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  const isRight = major > oldest || (major === oldest && minor >= oldestMinor);
  const advice = isRight ? '' : `: Plearoll needs ${OLDEST_NODE.join('.')} or newer`;
  return line(isRight ? 'right' : 'wrong', 'Node', version + advice);
}

/** A weak secret in production is among the bad settings. */
export function checkSecret({ JWT_SECRET, JWT_PUBLIC_KEY, PLEAROLL_HOME }: Config): Line {
  const about = (verdict: Line['verdict'], text: string) => line(verdict, 'secret', text);
  if (JWT_SECRET === undefined) {
    const kept = `kept in ${PLEAROLL_HOME}, made by the first start or token`;
    return JWT_PUBLIC_KEY === undefined
      ? about('note', kept)
      : about('right', 'tokens are verified with JWT_PUBLIC_KEY');
  }
  const weakness = weaknessOf(JWT_SECRET);
  if (weakness === undefined) return about('right', 'JWT_SECRET');
  return about('note', `JWT_SECRET ${weakness}; make one with: openssl rand -base64 48`);
}

/** @param folder that has to be written to, or made. */
export async function checkFolder(subject: string, folder: string, setting: string): Promise<Line> {
  try {
    await access(await nearest(folder), constants.W_OK | constants.X_OK);
    return line('right', subject, folder);
  } catch (fault) {
    const { message } = fault as Error;
    return line('wrong', subject, `${message}: let this user write there, or name another folder in ${setting}`);
  }
}

/** The folder, or what stands of the way to it. */
async function nearest(folder: string): Promise<string> {
  const there = await stat(folder).catch(unless('ENOENT'));
  if (there && !there.isDirectory()) throw new Error(`${folder} is no folder`);
  return there ? folder : nearest(dirname(folder));
}

/** @param client the login's own session */
export async function checkDatabase(client: pg.Client, rolePrefix: string, isProduction: boolean): Promise<Line[]> {
  const version = await checkVersion(client);
  const durability = durabilityLine(await readDurability(client as never), isProduction);
  const clocks = await checkClock(client);
  const schema = await checkSchema(client, rolePrefix);
  return [
    version,
    durability,
    clocks,
    schema,
    ...(schema.verdict === 'right' ? await checkRoles(client, rolePrefix) : []),
  ];
}

async function checkVersion(client: pg.Client): Promise<Line> {
  const { rows } = await client.query<{ version: string }>('show server_version');
  const { version } = { version: Object.values(rows[0]!)[0]! };
  const isRight = Number.parseInt(version, 10) >= OLDEST_POSTGRES;
  return line(isRight ? 'right' : 'wrong', 'Postgres', isRight ? version : `${version}: 15 or newer is needed`);
}

export function durabilityLine(found: Durability, isProduction: boolean): Line {
  const verdict = survivesCrash(found) ? 'right' : isProduction ? 'wrong' : 'note';
  return line(verdict, 'durability', describeDurability(found));
}

export async function checkClock(client: Pick<pg.Client, 'query'>): Promise<Line> {
  const asked_at = Date.now();
  const { rows } = await client.query<{ now: number }>('select extract(epoch from clock_timestamp()) * 1000 as now');
  const between = (asked_at + Date.now()) / 2;
  const apart_ms = Math.round(Math.abs(Number(rows[0]!.now) - between));
  if (apart_ms <= CLOCKS_APART_MS) return line('right', 'clocks', `${apart_ms} ms from Postgres's`);
  const advice = 'set both by NTP, or tokens are refused before or after their time';
  return line('wrong', 'clocks', `${apart_ms} ms from Postgres's: ${advice}`);
}

async function checkSchema(client: pg.Client, rolePrefix: string): Promise<Line> {
  try {
    await demandOurRoles(client, rolePrefix);
    const applied = await readApplied(client);
    demandOurs(applied);
    const newer = applied.findLast(({ name }) => !OURS.includes(name));
    const beside = newer === undefined ? '' : `, beside ${newer.name} of a newer version that accepts it`;
    return line('right', 'schema', OURS.at(-1)! + beside);
  } catch (fault) {
    return line('wrong', 'schema', (fault as Error).message);
  }
}

/** A login for each process takes the roles of that process alone; `npm start` takes all. */
async function checkRoles(client: pg.Client, rolePrefix: string): Promise<Line[]> {
  const names = DATABASE_ROLES.map((role) => roleName(rolePrefix, role));
  const refusals = new Map<string, string>();
  for (const name of names) {
    await takeRole(client, name, {}).catch((fault: Error) => refusals.set(name, fault.message));
    await client.query('reset role');
  }
  const taken = names.filter((name) => !refusals.has(name));
  if (refusals.size === 0) return [line('right', 'roles', `the login ${client.user} takes all of them`)];
  if (taken.length === 0) return [line('wrong', 'roles', [...refusals.values()][0]!)];
  const others = [...refusals.keys()].join(', ');
  return [line('note', 'roles', `the login ${client.user} takes ${taken.join(', ')}; others must take ${others}`)];
}

/** Whether what was begun is there as a whole: commands that nothing applies wait. */
export async function checkProcesses(client: pg.Client): Promise<Line> {
  const { alive, unserved } = await readServing(client);
  const said = Object.entries(alive).map(([kind, count]) => `${kind} ${count}`);
  if (Object.values(alive).every((count) => count === 0)) return line('note', 'processes', 'none runs');
  const missing = Object.entries(alive).flatMap(([kind, count]) => (count === 0 ? [kind] : []));
  if (unserved.length > 0) {
    const advice = `no worker serves ${unserved.join(', ')}: name what is missing in WORKER_QUEUES of one`;
    return line('wrong', 'processes', `${said.join(', ')}; ${advice}`);
  }
  if (missing.length === 0) return line('right', 'processes', said.join(', '));
  return line('wrong', 'processes', `${said.join(', ')}: start what is missing (see the Procfile)`);
}

export function connectionsLine({ allowed, open }: ConnectionLimits, alive: Alive): Line {
  const most = connectionsOf(alive);
  const said = `${open} open of ${allowed}; what runs may open ${most}`;
  if (most < allowed) return line('right', 'connections', said);
  return line('wrong', 'connections', `${said}: raise max_connections, or run fewer processes`);
}

export async function checkConnections(client: pg.Client): Promise<Line> {
  return connectionsLine(await readConnectionLimits(client as never), await readAlive(client));
}
