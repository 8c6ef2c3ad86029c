/** `plearoll token`: prints one token and nothing else; on stderr, whose it is. It needs no database. */
import { randomUUID } from 'node:crypto';
import { isUuid } from '../core/chain/ids.ts';
import { ROLES } from '../core/definitions/actor.ts';
import { findOwner, hasServed, readOrMakeSecret } from '../infra/postgres/plearollHome.ts';
import { type Config, ConfigError, readConfig } from '../infra/process/config.ts';
import { defineSubcommand, UsageError } from '../infra/process/subcommand.ts';
import { LONGEST_LIFE_SECONDS, signToken } from '../infra/tokens.ts';

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const text = { type: 'string' } as const;

interface Wanted {
  role: string | undefined;
  institution: string | undefined;
  user: string | undefined;
  name: string | undefined;
  ttl: string;
}

export const token = defineSubcommand({
  name: 'token',
  summary: 'Prints one token and nothing else; on stderr, for which installation it is signed.',
  options: {
    role: { ...text, value: `<${ROLES.join('|')}>`, help: 'needed' },
    institution: { ...text, value: '<uuid>', help: 'needed for all but super_admin' },
    user: { ...text, value: '<uuid>', help: 'whose it is; a new one where it is not given' },
    name: { ...text, value: 'N', help: 'a name that goes with it' },
    ttl: { ...text, value: '12h', default: '12h', help: 'how long it lives: 90s, 30m, 12h, 7d' },
  },
  notes:
    'It is signed with JWT_SECRET, or with the secret that is kept in PLEAROLL_HOME; before the first start that is made.',
  exits: { 0: 'done', 1: 'usage' },
  async run(wanted, _, { env, out, err }) {
    const claims = readClaims(wanted);
    try {
      const config = readConfig(env, 'all');
      const secret = config.JWT_SECRET ?? (await readOrMakeSecret(config.PLEAROLL_HOME));
      const issued = { iss: config.JWT_ISSUER, aud: config.JWT_AUDIENCE };
      for (const line of await whose(config)) err.write(`${line}\n`);
      out.write(`${signToken({ ...claims, ...JSON.parse(JSON.stringify(issued)) }, secret)}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      err.write(`${error.message}\n`);
      return 1;
    }
  },
});

/** For which installation it is signed, and where that may be none. */
async function whose({ JWT_SECRET, JWT_PUBLIC_KEY, DATABASE_URL, PLEAROLL_HOME }: Config): Promise<string[]> {
  if (JWT_SECRET !== undefined) return ['signed with JWT_SECRET'];
  const owner = await findOwner(PLEAROLL_HOME);
  const signed = `signed for the installation in ${PLEAROLL_HOME}${owner?.url ? `, at ${owner.url}` : ''}`;
  if (JWT_PUBLIC_KEY !== undefined) {
    return [
      signed,
      'warning: JWT_PUBLIC_KEY is set. A server with it takes tokens of its other half alone, and will refuse this one.',
    ];
  }
  if (DATABASE_URL !== undefined || hasServed(PLEAROLL_HOME)) return [signed];
  return [
    signed,
    'warning: no server has run there yet. A server that runs with another PLEAROLL_HOME or JWT_SECRET will refuse this token.',
  ];
}

/** @throws {UsageError} */
function readClaims({ role, institution, user = randomUUID(), name, ttl }: Wanted): object {
  if (!(ROLES as readonly string[]).includes(role ?? '')) throw new UsageError(`--role: one of ${ROLES.join(', ')}`);
  if (institution === undefined && role !== 'super_admin') throw new UsageError('--institution: a uuid is needed');
  for (const [option, value] of Object.entries({ institution, user })) {
    if (value !== undefined && !isUuid(value)) throw new UsageError(`--${option}: ${value} is no uuid`);
  }
  const exp = Math.floor(Date.now() / 1_000) + seconds(ttl);
  return { sub: user, role, ...(institution && { institution_id: institution }), ...(name && { name }), exp };
}

function seconds(ttl: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(ttl) ?? [];
  if (amount === undefined) throw new UsageError(`--ttl: ${ttl} is not like 90s, 30m, 12h or 7d`);
  const life = Number(amount) * UNIT_SECONDS[unit!]!;
  if (life > LONGEST_LIFE_SECONDS) throw new UsageError(`--ttl: ${ttl} is longer than a token may live, 366d`);
  return life;
}
