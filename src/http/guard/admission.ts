/** A command without a good token: is its address blocked, and is it one too many? */
import type { Request } from 'express';
import { RULES } from '../../guard/rules.ts';
import type { KnownBan } from '../../infra/guard/followBans.ts';
import type { Admission } from '../../infra/guard/guardStore.ts';
import { isEverywhere } from './bannedAs.ts';
import type { GuardOptions } from './guardOptions.ts';
import { refused } from './refusals.ts';
import { keyIn, type Seen, visitorOf } from './visitors.ts';

/** Of requests that were admitted: do they count as one with others of their address? */
export type Crowds = WeakMap<Request, boolean>;

export function createAdmission(options: GuardOptions, crowds: Crowds) {
  const { keys, store, bans, installation, addresses, punish, institutionOf } = options;

  async function admit(req: Request, route: string): Promise<void> {
    const visitor = visitorOf(req, keys, addresses);
    const ban = visitor.is_venue ? undefined : await findBlock(req, visitor.address);
    if (ban) throw refused({ by: 'block', retry_after_ms: ban.left_ms ?? RULES.block_ms });
    const admission = await store.admit(visitor, route);
    crowds.set(req, admission.is_crowd);
    if (admission.admitted) return;
    if (admission.by === 'burst' || admission.by === 'rate') await punishVisitor(req, visitor, admission);
    throw refused(admission);
  }

  /** What an admin blocked is blocked in the own institution's sessions alone. */
  async function findBlock(req: Request, address: string): Promise<KnownBan | undefined> {
    const all = bans.of('address', address);
    const everywhere = all.find((ban) => isEverywhere(ban, installation));
    if (everywhere || all.length === 0) return everywhere;
    const institution_id = await institutionIn(req);
    return all.find(({ owner }) => owner === institution_id);
  }

  async function institutionIn({ params: { session_id } }: Request): Promise<string | null> {
    return typeof session_id === 'string' ? institutionOf(session_id) : null;
  }

  async function punishVisitor(req: Request, visitor: Seen, { by, is_crowd }: Extract<Admission, { admitted: false }>) {
    const institution_id = await institutionIn(req);
    const key = keyIn(keys, institution_id, visitor, is_crowd);
    const { address, is_venue } = visitor;
    const rule = by as 'burst' | 'rate';
    await punish({ rule, institution_id, ...(rule === 'burst' && { key }), ...(!is_venue && { address }) });
  }

  return admit;
}
