/**
 * Risks of login sessions in the cache, and of those without one whose they are: kept by who has read them, so that each finds
 * there what Postgres itself showed in the same scope, and dropped wherever a worker stores another risk.
 */
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Whose } from '../consent/consent.ts';
import { ACTIONS, LEVELS, type Risk } from '../risk/risk.ts';

/** As far as it is told. */
export type ToldRisk = Pick<Risk, 'score' | 'level' | 'components' | 'weighed_most' | 'action'>;

/** A login session with its risk as a reader was shown it last; null where nothing was reckoned yet. */
export interface ReadRisk {
  id: string;
  user_id: string;
  institution_id: string | null;
  risk: ToldRisk | null;
}

const score = z.int().min(0).max(100).nullable();
const login = z.object({ id: z.guid(), user_id: z.guid(), institution_id: z.guid().nullable() });
const risk = z.object({
  ...{ score, level: z.enum(LEVELS), weighed_most: z.string().nullable(), action: z.enum(ACTIONS) },
  components: z.object({ keystroke: score, mouse: score, navigation: score, time: score }),
});
const KEPT = {
  /** By the clock of the process that kept it. */
  session: login.extend({ risk: z.null(), kept_at: z.number() }),
  session_risk: login.extend({ risk }),
};
type Kind = keyof typeof KEPT;

/** A look makes the first of them last longer, but not than this: nothing drops one when its login session is removed. */
const LONGEST_MS = 86_400_000;

/** As far as it is needed here. */
interface RiskCache {
  get<Value>(kind: Kind, id: string, schema: z.ZodType<Value>): Promise<Value | undefined>;
  put(kind: Kind, id: string, value: unknown, user_id: string): Promise<void>;
  drop(kind: Kind, id: string): Promise<void>;
}

const ofAdmins = (institution_id: string | null) => `admins ${institution_id}`;
const ofPerson = (user_id: string, institution_id: string | null) => `${user_id} ${institution_id}`;

/** All readers of one scope are shown the same. */
function scopeOf({ id, role, institution_id }: Actor): string {
  if (role === 'super_admin') return 'all';
  return role === 'admin' ? ofAdmins(institution_id) : ofPerson(id, institution_id);
}

export async function findKeptRisk(
  cache: Pick<RiskCache, 'get'>,
  reader: Actor,
  login_id: string,
): Promise<ReadRisk | undefined> {
  const id = `${scopeOf(reader)} ${login_id}`;
  const found = [cache.get('session_risk', id, KEPT.session_risk), cache.get('session', id, KEPT.session)] as const;
  const [reckoned, without] = await Promise.all(found);
  if (reckoned || !without) return reckoned;
  const { kept_at, ...read } = without;
  return Date.now() < kept_at + LONGEST_MS ? read : undefined;
}

/** What a person's token of elsewhere has read is not kept. */
export async function keepRisk(cache: Pick<RiskCache, 'put'>, reader: Actor, found: ReadRisk): Promise<void> {
  if (reader.role !== 'super_admin' && reader.institution_id !== found.institution_id) return;
  const [kind, kept] = found.risk
    ? (['session_risk', found] as const)
    : (['session', { ...found, kept_at: Date.now() }] as const);
  await cache.put(kind, `${scopeOf(reader)} ${found.id}`, kept, found.user_id);
}

/** For all who may have read it. */
export async function dropRisk(
  cache: Pick<RiskCache, 'drop'>,
  { login_id, user_id, institution_id }: Whose & { login_id: string },
): Promise<void> {
  const ids = ['all', ofAdmins(institution_id), ofPerson(user_id, institution_id)].map(
    (scope) => `${scope} ${login_id}`,
  );
  await Promise.all(ids.flatMap((id) => [cache.drop('session_risk', id), cache.drop('session', id)]));
}
