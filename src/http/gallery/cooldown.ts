/** `GET /api/gallery/cooldown`: how long until the asker may post, reckoned now; asking begins nothing. */
import type { Request } from 'express';
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { count, named } from '../../core/definitions/answers.ts';
import { id } from '../../core/definitions/schemas.ts';
import { readPace } from '../../gallery/pace.ts';
import { demandEntry, refuseClosed } from '../../gallery/refusals.ts';
import { ownBanAnswer, readOwnBan } from '../../guard/bans/ownBan.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type RouteDefinition, type Serve } from '../door/route.ts';
import { demandLastOpenGallery } from './lastOpenGallery.ts';

const cooldownQuery = z.strictObject({ session_id: id.optional() });

const cooldownAnswer = named(
  'GalleryCooldown',
  z.strictObject({
    can_post: z.boolean(),
    remaining_seconds: count,
    /** Where the asker is signed in, banned here, and to be told. */
    banned: ownBanAnswer.optional(),
  }),
  { can_post: false, remaining_seconds: 42 },
);

const parts = {
  summary: 'How long until you may post in a gallery; without a session, in the public one that began last',
  roles: 'anyone',
  query: cooldownQuery,
  answer: cooldownAnswer,
  rejects: [],
} as const;

export const readCooldown: RouteDefinition = defineRoute({
  ...{ name: 'gallery.cooldown', route: 'GET /api/gallery/cooldown', ...parts },
  serve: (context) => serveCooldown(context, readCooldown),
});

export const readCooldownAlias: RouteDefinition = defineRoute({
  ...{ name: 'gallery.cooldownAlias', route: 'GET /api/cooldown', ...parts },
  serve: (context) => serveCooldown(context, readCooldownAlias),
});

function serveCooldown(context: ApiContext, definition: RouteDefinition): Serve {
  async function cooldownOf(req: Request, sender: Actor | null) {
    const { session_id = await demandLastOpenGallery(context) } = demandQuery(cooldownQuery, req);
    const { institution_id } = await context.scopes.demand({ kind: 'session', id: session_id }, sender);
    const place = { institution_id, session_id };
    const author = await context.guard.authorOf(req, sender, place);
    const nameIn = context.guard.nameIn(req, sender, place);
    const actor = sender ?? anonymousReader(req);
    const { hall, pace, banned } = await context.reading.inScope(actor, session_id, async (db) => ({
      hall: await demandEntry(db, session_id, actor),
      pace: await readPace(db, session_id, author, nameIn),
      banned: sender ? await readOwnBan(db, session_id) : undefined,
    }));
    const remaining_seconds = Math.ceil((await context.guard.waitOf(author, place, pace)) / 1_000);
    const can_post = remaining_seconds === 0 && !refuseClosed(hall);
    return { can_post, remaining_seconds, ...(banned && { banned }) };
  }

  return async (req, res) => {
    const sender = await enter(context, req, res, definition);
    const answer = sender ? await cooldownOf(req, sender) : await withoutToken(() => cooldownOf(req, null));
    res.set('Cache-Control', 'no-store').json(answer);
  };
}
