/** What everybody in the gallery is told of an event: of which message, and what kind of news it is. */
import { commandIdOf } from '../../core/chain/ids.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { MESSAGE_COLUMNS, type MessageRow, messageResource } from './message.ts';

export type ShownMessage = ReturnType<typeof messageResource>;

export interface News {
  /** It begins to be shown; else something about it changed. */
  shows?: 'MESSAGE' | 'RESTORED';
  /** It may have ended being shown. */
  hides?: true;
}

/** By the type of the event; of others nothing is told. */
export const NEWS: { readonly [event_type: string]: News } = {
  SESSION_GALLERY_POSTED: { shows: 'MESSAGE' },
  SESSION_GALLERY_APPROVED: { shows: 'MESSAGE' },
  SESSION_GALLERY_RESTORED: { shows: 'RESTORED' },
  SESSION_GALLERY_VOTED: {},
  SESSION_GALLERY_ANSWERED: {},
  SESSION_GALLERY_HIDDEN: { hides: true },
  SESSION_GALLERY_BANNED: { hides: true },
  SESSION_GALLERY_REPORTED: { hides: true },
  SESSION_GALLERY_WITHDRAWN: { hides: true },
};

/** A message that is shown, and the one person to whom, where it is shadowed. */
export interface Shown {
  message: ShownMessage;
  only?: string;
}

const SHOWN = `
  select ${MESSAGE_COLUMNS}, author, is_shadowed from gallery_messages
  where id = any($1) and state = 'shown' and text is not null`;

/** Those of them that are shown to all or to their author, by id. */
export async function readShown(db: Queryable, ids: readonly string[]): Promise<Map<string, Shown>> {
  const asked = { name: 'read-shown', text: SHOWN, values: [ids] };
  const { rows } = await db.query<MessageRow & { author: string; is_shadowed: boolean }>(asked);
  return new Map(
    rows.map(({ author, is_shadowed, ...row }) => [
      row.id,
      { message: messageResource(row), ...(is_shadowed && { only: author }) },
    ]),
  );
}

/** @returns undefined where it names none, or only named one before it was erased */
export function messageNamedBy({ event_id, event_type, payload }: ExportedEvent): string | undefined {
  const named = payload?.message_id;
  if (typeof named === 'string') return named;
  return event_type === 'SESSION_GALLERY_POSTED' ? commandIdOf(event_id) : undefined;
}
