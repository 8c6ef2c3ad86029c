/**
 * What a gallery records of an author: doors are told of each report, and enough of them, or a host's word, become a ban.
 * Where this is lost, reports are counted again whenever the author posts, and the host sees the author posting.
 */
import type { ExportedEvent } from '../../src/core/definitions/event.ts';
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { galleryStream } from '../../src/gallery/gallery.ts';
import { authorBanned } from '../../src/gallery/messages/banAuthor.ts';
import { messageReported } from '../../src/gallery/messages/reportMessage.ts';
import { banAutomatically } from '../../src/guard/bans/banAutomatically.ts';
import { banByHost } from '../../src/guard/bans/banByHost.ts';
import { REPORTS } from '../../src/infra/guard/followBans.ts';
import { catalog } from '../../src/modules.ts';
import type { Follower, FollowTools } from '../apply/follower.ts';
import type { JobTools } from '../job.ts';
import { createSend } from '../send/sendCommand.ts';

type Order = Parameters<JobTools['send']>[0];

interface Whose {
  owner: string;
  value: string | null;
}

const AUTHOR = `
  select s.institution_id as owner, m.author_key as value
  from gallery_messages m join courtroom_sessions s on s.id = m.session_id
  where m.session_id = $1 and m.id = $2`;

export const banAuthors: Follower = ({ exported }, tools) =>
  [...exported].flatMap(([stream, events]) =>
    kindOf(stream) === galleryStream.kind ? events.filter(isAgainstAuthor).map((event) => ban(event, tools)) : [],
  );

function isAgainstAuthor({ event_type, payload }: ExportedEvent): boolean {
  return payload !== null && [authorBanned.type, messageReported.type].includes(event_type);
}

async function ban(event: ExportedEvent, { db, queues, publish, log }: FollowTools): Promise<void> {
  try {
    const { message_id } = event.payload as { message_id: string };
    const { rows } = await db.query<Whose>(AUTHOR, [idOf(event.stream), message_id]);
    const [author] = rows;
    // The key goes with the text.
    if (!author || author.value === null) return;
    const { reporter, effect } = event.payload as { reporter?: string; effect?: string };
    if (reporter !== undefined) await publish(REPORTS, JSON.stringify({ ...author, reporter }));
    // The report that removes a message comes after the one that hid it.
    if (effect === 'none' || effect === 'removed') return;
    await createSend({ db, catalog, queues, log, request_id: event.event_id })(orderOf(event, author));
  } catch (err) {
    log.warn({ err }, 'banning author failed');
  }
}

function orderOf({ event_id, event_type, payload, actor_id }: ExportedEvent, { owner, value }: Whose): Order {
  const key = `ban ${event_id}`;
  if (event_type === messageReported.type) {
    return { name: banAutomatically.name, input: { owner, subject: 'key', value, rule: 'reports' }, key };
  }
  const { reason, hours } = payload as { reason: string; hours: number | null };
  return { name: banByHost.name, input: { owner, value, host: actor_id, reason, hours }, key };
}
