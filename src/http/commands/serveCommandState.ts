/** `GET /api/command/<id>`: how a command stands; and its redrive, which is a new command with the same input. */

import type { Request } from 'express';
import { z } from 'zod';
import { isOnStage } from '../../access/onStage.ts';
import { type CommandState, STATE_COLUMNS } from '../../core/apply/inbox.ts';
import { isUuid, newCommandId } from '../../core/chain/ids.ts';
import { type Actor, ROLES, type Role } from '../../core/definitions/actor.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { idOf, kindOf } from '../../core/definitions/stream.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { galleryStream } from '../../gallery/gallery.ts';
import { catalog } from '../../modules.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { readPreferences } from '../door/preferences.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { stateBody } from './answers.ts';
import { acceptedAnswer, anyResource, appliedAnswer, commandStateAnswer } from './commandAnswers.ts';
import { submit } from './serveCommand.ts';

export const readCommandState = defineRoute({
  name: 'command.get',
  route: 'GET /api/command/:command_id',
  summary: 'How a command stands',
  roles: ROLES,
  answer: commandStateAnswer,
  rejects: [],
  serve: serveCommandState,
});

export const redriveCommand = defineRoute({
  name: 'command.redrive',
  route: 'POST /api/command/:command_id/redrive',
  summary: 'Try a dead command again, as a new one',
  roles: ['super_admin'],
  answer: appliedAnswer(anyResource),
  accepted: acceptedAnswer,
  rejects: ['not_dead'],
  serve: serveRedrive,
});

type StoredCommand = CommandState & {
  streams: string[];
  input: JsonObject;
  actor_id: string;
  actor_role: Role;
  actor_institution_id: string | null;
  institution_id: string | null;
};

function serveCommandState(context: ApiContext): Serve {
  return async (req, res) => {
    const id = String(req.params.command_id);
    if (isFollowedLink(req) && isUuid(id)) {
      res.redirect(303, `/jobs/command/${id}`);
      return;
    }
    const actor = (await enter(context, req, res, readCommandState))!;
    const { wait_ms, applied } = readPreferences(req);
    let stored = await findOwn(context, actor, id);
    const isPatient = wait_ms > 0 && applied.some((preference) => preference.startsWith('wait'));
    if (isPatient) res.set('Preference-Applied', applied.join(', '));
    const endWait = isPatient && stored.status === 'accepted' ? context.waits.begin(actor.id) : undefined;
    if (endWait) {
      await context.outcomes.waitFor(stored.id).within(wait_ms).finally(endWait);
      stored = await findOwn(context, actor, stored.id);
    }
    // A ticket is for the observer, not for all who may see the command.
    const definition = stored.actor_id === actor.id ? catalog.commands.get(stored.name) : undefined;
    const answered = definition && {
      definition,
      input: stored.input,
      // By the token it is asked with: what is issued anew ends with that one.
      actor,
      issueTicket: context.issueTicket,
      issueLink: context.issueLink,
    };
    res
      .set('Cache-Control', 'no-store')
      .vary('Prefer')
      .json(stateBody(stored, context.config.PUBLIC_URL, answered));
  };
}

/** A command as its sender, or who may look at it, sees it. @throws {Problem} 404 */
export async function readCommand(context: ApiContext, actor: Actor, id: string): Promise<JsonObject> {
  return stateBody(await findOwn(context, actor, id), context.config.PUBLIC_URL);
}

/** A link was followed: a browser that navigates sends no bearer token. The dashboard asks for a sign-in. */
function isFollowedLink({ headers }: Request): boolean {
  return headers['sec-fetch-mode'] === 'navigate' && headers.authorization === undefined;
}

function serveRedrive(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, redriveCommand))!;
    const body = await readJson(req, res);
    demandRole(actor, redriveCommand.roles);
    parseBody(body, z.strictObject({}), []);
    const dead = await findOwn(context, actor, String(req.params.command_id));
    if (dead.status !== 'dead') throw new Problem('not_dead', `The command is ${dead.status}.`);
    const definition = catalog.commands.get(dead.name);
    if (!definition) throw new Problem('not_found', `No command is named ${dead.name} any more.`);
    const id = newCommandId();
    const target = definition.target(dead.input);
    const scope = target ? await context.scopes.demand(target, actor) : null;
    await submit(context, definition, req, res, {
      id,
      name: dead.name,
      streams: definition.streams({ id, input: dead.input }, scope),
      input: dead.input,
      actor: actorOf(dead),
      institution_id: dead.institution_id,
      expected_sequence: null,
      // One redrive of a dead command: asking again joins the first.
      idempotency: { scope: 'redrive', key: dead.id },
      fingerprint: null,
      reply_to: context.instance,
      request_id: res.locals.request_id as string,
      redrive_of: dead.id,
    });
  };
}

/**
 * Own commands; for admins their institution's, but for those of a gallery on whose stage they are. Everything else is not
 * found.
 */
async function findOwn({ reading }: ApiContext, actor: Actor, id: string): Promise<StoredCommand> {
  if (!isUuid(id)) throw new Problem('not_found');
  const text = `
    select ${STATE_COLUMNS}, streams, input, actor_id, actor_role, actor_institution_id, institution_id
    from commands where id = $1
      and ($3 = 'super_admin' or actor_id = $2 or ($3 = 'admin' and institution_id = $4::uuid))`;
  const values = [id, actor.id, actor.role, actor.institution_id];
  const found = await reading.inScope(actor, null, async (db) => {
    const [command] = (await db.query<StoredCommand>(text, values)).rows;
    return command && (await isHidden(db, actor, command)) ? undefined : command;
  });
  if (!found) throw new Problem('not_found');
  return found;
}

async function isHidden(db: Queryable, { id }: Actor, { streams, actor_id }: StoredCommand): Promise<boolean> {
  const gallery = streams.find((stream) => kindOf(stream) === galleryStream.kind);
  return gallery !== undefined && actor_id !== id && isOnStage(db, id, idOf(gallery));
}

function actorOf({ actor_id, actor_role, actor_institution_id }: StoredCommand): Actor {
  return { id: actor_id, role: actor_role, institution_id: actor_institution_id };
}
