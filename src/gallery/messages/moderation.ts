/** What a host does about a message, with the reason. It is part of the record, and outlives the text. */
import { z } from 'zod';
import { privateText } from '../../core/definitions/privateText.ts';
import { id, remark } from '../../core/definitions/schemas.ts';

export const moderation = z.strictObject({ message_id: id, reason: privateText.nullable() });
export const moderationBody = z.strictObject({ message_id: id, reason: remark.optional() });
