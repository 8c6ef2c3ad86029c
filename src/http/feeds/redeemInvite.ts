/**
 * `/api/invite/<secret>`: a link of an invitation yields its token, once. By GET too, so that a person may just follow it;
 * what only looks at links (HEAD) uses none up.
 */
import { z } from 'zod';
import { named, text } from '../../core/definitions/answers.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { type Redeemed, redeem } from '../../feeds/people/invitePerson.ts';
import { tokenMissing } from '../door/authentication.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { countRefused } from '../door/limits.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';

/** A tournament with its finals. It can be ended before: `/ops/tokens/revoke` by `user_id`. */
const TOKEN_LIVES_SECONDS = 7 * 24 * 3_600;
/** Of 32 bytes. */
const SECRET = /^[\w-]{43}$/;

const parts = {
  summary: 'The token that a link of an invitation yields; once, and within a day',
  roles: 'anyone',
  yieldsToken: true,
  answer: named('InvitedToken', z.strictObject({ token: text }), {
    token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln',
  }),
  rejects: ['not_found'],
} as const;

export const redeemInvite: RouteDefinition = defineRoute({
  ...{ name: 'feed.redeem', route: 'POST /api/invite/:secret', ...parts },
  serve: (context) => serveInvite(context, redeemInvite),
});

export const followInvite: RouteDefinition = defineRoute({
  ...{ name: 'feed.followInvite', route: 'GET /api/invite/:secret', ...parts },
  serve: (context) => serveInvite(context, followInvite),
});

function serveInvite(context: ApiContext, definition: RouteDefinition): Serve {
  const { issueToken, door, log } = context;

  function tokenOf({ id: jti, user_id: sub, role, institution_id, name }: Redeemed): string {
    const exp = Math.floor(Date.now() / 1_000) + TOKEN_LIVES_SECONDS;
    return issueToken!({ jti, sub, role, institution_id, exp, ...(name !== null && { name }) });
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, definition);
    if (req.method === 'HEAD') throw new Problem('method_not_allowed', undefined, {}, { Allow: 'GET, POST' });
    const secret = String(req.params.secret);
    const redeemed = SECRET.test(secret) ? await redeem(door, secret) : undefined;
    // Guesses are counted as bad tokens are, by their address.
    if (!redeemed) return countRefused(context, req, res, () => Promise.reject(refusalFor(actor !== null)));
    log.info({ invite_id: redeemed.id, user_id: redeemed.user_id }, 'invitation redeemed');
    res.set('Cache-Control', 'no-store').json({ token: tokenOf(redeemed) });
  };
}

/** What was used and what never was are answered alike. */
function refusalFor(isSignedIn: boolean): Problem {
  return isSignedIn ? new Problem('not_found') : tokenMissing();
}
