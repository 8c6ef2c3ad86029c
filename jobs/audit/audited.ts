/**
 * Which commands are audited, and as what: those that let somebody in, shut somebody out, or change what holds for an
 * institution. What happens in court stands in the court's own streams, by whom and when, and is not told twice.
 */
import type { EntryType } from '../../src/audit/entry.ts';

const AUDITED: Readonly<Record<string, EntryType>> = {
  'assignment.substitute': 'access_grant',
  'session.observe': 'access_grant',
  'board.create': 'access_grant',
  'calendar.link': 'access_grant',
  'contact.reveal': 'access_grant',
  'feed.invite': 'access_grant',
  'tokens.revoke': 'access_deny',
  'login.terminate': 'access_deny',
  'login.terminate_others': 'access_deny',
  'login.expel': 'access_deny',
  'login.end': 'access_deny',
  'login.confirm': 'mfa_event',
  'guard.ban': 'access_deny',
  'guard.enforce': 'access_deny',
  'gallery.ban': 'access_deny',
  'guard.unban': 'admin_action',
  'guard.confirm': 'admin_action',
  'board.revoke': 'admin_action',
  'institution.settings': 'admin_action',
  'assignment.cancel': 'admin_action',
  'payload.erase': 'admin_action',
  'privacy.erase': 'admin_action',
  'feed.create': 'admin_action',
  'feed.enable': 'admin_action',
  'feed.disable': 'admin_action',
  'feed.remove': 'admin_action',
  'feed.link': 'admin_action',
  'feed.settle': 'admin_action',
  'policy.create': 'policy_change',
  'policy.change': 'policy_change',
  'policy.rollback': 'policy_change',
  'policy.activate': 'policy_change',
  'policy.deactivate': 'policy_change',
  'policy.override': 'access_grant',
  'match.result': 'admin_action',
  'match.settle': 'admin_action',
};

/** Of which only those say something that were applied: they are tried until they are. */
const TRIED: readonly string[] = ['login.end'];

/** An index has those that this is true of, word for word: migrations/0072_audit_index.ts. More than are audited may be. */
export const MAY_BE_AUDITED = `(split_part(name, '.', 1) in ('board', 'calendar', 'contact', 'feed', 'guard', 'institution',
  'login', 'match', 'payload', 'policy', 'privacy', 'telemetry', 'threat', 'tokens')
  or name in ('assignment.cancel', 'assignment.substitute', 'gallery.ban', 'session.observe'))`;

interface Sent {
  name: string;
  actor_role: string;
  status: string;
}

/** Undefined where it is not audited: visitors without a token are let into what is public, which is no grant. */
export function typeOf({ name, actor_role, status }: Sent): EntryType | undefined {
  const type = AUDITED[name];
  if (type === undefined || actor_role === 'observer') return undefined;
  if (TRIED.includes(name) && status !== 'applied') return undefined;
  return type === 'access_grant' && status !== 'applied' ? 'access_deny' : type;
}
