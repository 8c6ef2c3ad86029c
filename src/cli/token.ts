/** `npm run token`: prints one token and nothing else. It needs no database. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isUuid } from '../core/chain/ids.ts';
import { ROLES } from '../core/definitions/actor.ts';
import { readOrMakeSecret } from '../infra/postgres/plearollHome.ts';
import { ConfigError, readConfig } from '../infra/process/config.ts';
import { LONGEST_LIFE_SECONDS, signToken } from '../infra/tokens.ts';

const USAGE = `usage: npm run -s token -- --role <${ROLES.join('|')}> --institution <uuid> [--user <uuid>] [--name N] [--ttl 12h]`;
const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

try {
  const claims = readClaims(process.argv.slice(2));
  const config = readConfig(process.env, 'all');
  const secret = config.JWT_SECRET ?? (await readOrMakeSecret(config.PLEAROLL_HOME));
  const issued = { iss: config.JWT_ISSUER, aud: config.JWT_AUDIENCE };
  console.log(signToken({ ...claims, ...JSON.parse(JSON.stringify(issued)) }, secret));
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : `${(error as Error).message}\n${USAGE}`);
  process.exit(1);
}

function readClaims(args: string[]): object {
  const text = { type: 'string' } as const;
  const options = { role: text, institution: text, user: text, name: text, ttl: text };
  const {
    role,
    institution,
    user = randomUUID(),
    name,
    ttl = '12h',
  } = parseArgs({ args, options, strict: true }).values;
  if (!(ROLES as readonly string[]).includes(role ?? '')) throw new Error(`--role: one of ${ROLES.join(', ')}`);
  if (institution === undefined && role !== 'super_admin') throw new Error('--institution: a uuid is needed');
  for (const [option, value] of Object.entries({ institution, user })) {
    if (value !== undefined && !isUuid(value)) throw new Error(`--${option}: ${value} is no uuid`);
  }
  const exp = Math.floor(Date.now() / 1_000) + seconds(ttl);
  return { sub: user, role, ...(institution && { institution_id: institution }), ...(name && { name }), exp };
}

function seconds(ttl: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(ttl) ?? [];
  if (amount === undefined) throw new Error(`--ttl: ${ttl} is not like 90s, 30m, 12h or 7d`);
  const life = Number(amount) * UNIT_SECONDS[unit!]!;
  if (life > LONGEST_LIFE_SECONDS) throw new Error(`--ttl: ${ttl} is longer than a token may live, 366d`);
  return life;
}
