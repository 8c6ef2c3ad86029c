/** Rights in the gallery: to be in it, to speak, and to run it. Asked at the door, and again when a command is decided. */
import { isUuid } from '../core/chain/ids.ts';
import type { Actor } from '../core/definitions/actor.ts';
import type { Hides } from '../core/definitions/command.ts';
import { Problem, type Rejection } from '../core/definitions/problem.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import type { Gallery } from './gallery.ts';
import { reject } from './galleryProblems.ts';
import { findHall, type Hall, isHost } from './hall.ts';
import type { Message } from './messages/message.ts';

export const ENTRY_CODES = ['not_found', 'unauthenticated', 'gallery_closed'] as const;

type Refuse<Code extends string = string> = (hall: Hall, actor: Actor) => Rejection<Code> | undefined;

/**
 * While the session is active nobody on its roster sees anything of its gallery, and what is said beside it is for people
 * who are known.
 */
export function refuseEntry(hall: Hall | undefined, actor: Actor) {
  if (!hall) return reject('not_found', 'There is no such gallery.');
  if (isOnStage(hall)) return reject('not_found', 'There is no such gallery.');
  if (hall.status === 'active') {
    const isKnown = actor.role !== 'anonymous' && actor.role !== 'observer';
    if (!isKnown) return reject('unauthenticated', 'While the session is active, send a token.');
  }
  return hall.mode === 'off' ? reject('gallery_closed', 'This match has no gallery.') : undefined;
}

/** For people whom the roster names there is no gallery while the session is active, whatever their role may do. */
export const hidesGallery: Hides = async ({ db, actor, params: { session_id = '' } }) => {
  const hall = isUuid(session_id) ? await findHall(db, session_id, actor) : undefined;
  return hall !== undefined && isOnStage(hall);
};

/** Its events, and their proofs, are for its hosts. */
export function mayKnowEvents(hall: Hall, actor: Actor): boolean {
  return isHost(hall, actor) && !isOnStage(hall);
}

function isOnStage({ status, seat }: Hall): boolean {
  return status === 'active' && seat !== null;
}

/** May anything be said now? */
export function refuseClosed({ mode, status, is_closed }: Hall) {
  if (mode === 'breaks' && status === 'active') return reject('gallery_closed', 'It opens again in the break.');
  return is_closed ? reject('gallery_closed', 'A moderator closed the gallery.') : undefined;
}

/** The gallery is run by its hosts. */
export function refuseSpectator(hall: Hall, actor: Actor) {
  if (isHost(hall, actor)) return undefined;
  return reject('not_host', 'This takes a moderator of the roster, the presiding judge or an admin.');
}

/** The message is not what it would have to be. */
export function refuseState({ state }: Message) {
  return reject('message_state', `It is ${state}.`, { from: state });
}

/** The first refusal there is, of a command that is decided: how the gallery stands its state says. */
export function refuseBy<Code extends string = never>(
  hall: Hall | undefined,
  { is_closed, slow_seconds }: Gallery,
  actor: Actor,
  ...refusals: Refuse<Code>[]
) {
  return refuseEntry(hall, actor) ?? firstOf(refusals, { ...hall!, is_closed, slow_seconds }, actor);
}

/** The same at the door, where nothing is stored yet. */
export async function refuseAtDoor(
  { db, actor, input }: { db: Queryable; actor: Actor; input: { session_id: string } },
  ...refusals: Refuse[]
): Promise<Rejection | undefined> {
  const hall = await findHall(db, input.session_id, actor);
  return refuseEntry(hall, actor) ?? firstOf(refusals, hall!, actor);
}

/** For a question. @throws {Problem} */
export async function demandEntry(
  db: Queryable,
  session_id: string,
  actor: Actor,
  ...refusals: Refuse[]
): Promise<Hall> {
  const hall = await findHall(db, session_id, actor);
  const rejection = refuseEntry(hall, actor) ?? firstOf(refusals, hall!, actor);
  if (rejection) throw new Problem(rejection);
  return hall!;
}

function firstOf<Code extends string>(refusals: Refuse<Code>[], hall: Hall, actor: Actor) {
  for (const refuse of refusals) {
    const rejection = refuse(hall, actor);
    if (rejection) return rejection;
  }
  return undefined;
}
