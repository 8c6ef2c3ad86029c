/** What a host does about a message, with the reason. It is part of the record, and outlives the text. */
import { z } from 'zod';
import type { Actor } from '../../core/definitions/actor.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import type { Gallery } from '../gallery.ts';
import { reject } from '../galleryProblems.ts';
import type { Hall } from '../hall.ts';
import { refuseBy, refuseSpectator } from '../refusals.ts';
import { findMessage } from './message.ts';

export const moderation = z.strictObject({ message_id: id, reason: privateText.nullable() });
export const moderationBody = z.strictObject({ message_id: id, reason: remark.optional() });

/** The message that the command names, where its sender is a host. */
export function findForHost(
  hall: Hall | undefined,
  gallery: Gallery,
  { input, actor }: { input: { message_id: string }; actor: Actor },
) {
  return (
    refuseBy(hall, gallery, actor, refuseSpectator) ??
    findMessage(gallery, input.message_id) ??
    reject('not_found', 'There is no such message.')
  );
}
