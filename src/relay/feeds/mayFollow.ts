/** The matches that a holder of a token or a ticket may follow. */
import { type Match, maySeeMatch } from '../../feeds/matches/match.ts';
import type { Identity, Ticket } from '../../infra/tokens.ts';
import { mayListen } from '../listeners/admission.ts';

/** An observer's ticket is good for the room that it was issued for, and for what everybody may see. */
export function mayFollow(identity: Identity | Ticket, match: Match): boolean {
  if (!('session_id' in identity)) return maySeeMatch(identity.actor, match);
  return maySeeMatch(null, match) || (match.scope !== null && mayListen(match.scope, identity));
}
