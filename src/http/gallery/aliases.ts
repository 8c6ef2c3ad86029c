/**
 * The paths of the chat server that galleries grew from: each is the route of a gallery, with the session in the query
 * instead of the path. Without a session it is the public one with an open gallery that began last.
 */
import type { Request } from 'express';
import { z } from 'zod';
import { named } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id } from '../../core/definitions/schemas.ts';
import { messageList } from '../../gallery/messages/message.ts';
import { postMessage } from '../../gallery/messages/postMessage.ts';
import { listQuery, readMessages } from '../../gallery/messages/readMessages.ts';
import { reportMessage } from '../../gallery/messages/reportMessage.ts';
import { acceptedAnswer, appliedAnswer } from '../commands/commandAnswers.ts';
import { serveGuarded } from '../commands/serveGuarded.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { serveQuery } from '../queries/serveQuery.ts';
import { demandLastOpenGallery } from './lastOpenGallery.ts';

const ofSession = z.strictObject({ session_id: id.optional() });

const chatMessage = named('ChatMessageRequest', postMessage.body.extend({}), {
  text: 'Does the treaty bind the harbour authority?',
  category: 'question',
});

export const listAlias = defineRoute({
  name: 'gallery.listAlias',
  route: 'GET /messages',
  summary: 'What is said in a gallery, as `GET /api/session/<id>/gallery`',
  roles: 'anyone',
  query: ofSession.extend(listQuery),
  answer: messageList,
  rejects: [],
  serve: (context) => inGallery(context, readMessages, serveQuery(context, readMessages as never)),
});

export const postAlias = defineRoute({
  name: 'gallery.postAlias',
  route: 'POST /messages',
  summary: 'Say something in a gallery, as `POST /api/session/<id>/gallery/post`',
  roles: 'anyone',
  query: ofSession,
  body: chatMessage,
  answer: appliedAnswer(postMessage.resource),
  accepted: acceptedAnswer,
  rejects: [],
  serve: (context) =>
    inGallery(context, postMessage, serveGuarded(context, postMessage as never, postMessage.guarded as never)),
});

/** The chat server names the browser that is reported; the guard knows it better. */
const chatReport = named(
  'ChatReportRequest',
  reportMessage.body.extend({ reported_browser_id: privately(z.string().max(4_096)).optional() }),
  { message_id: EXAMPLE.command_id, reason: 'Unkind.' },
);
const reportFromChat = { ...reportMessage, body: chatReport };

export const reportAlias = defineRoute({
  name: 'gallery.reportAlias',
  route: 'POST /api/report',
  summary: 'Report a message, as `POST /api/session/<id>/gallery/report`',
  roles: 'anyone',
  query: ofSession,
  body: chatReport,
  answer: appliedAnswer(reportMessage.resource),
  accepted: acceptedAnswer,
  rejects: [],
  serve: (context) =>
    inGallery(context, reportMessage, serveGuarded(context, reportFromChat as never, reportMessage.guarded as never)),
});

/** Serves the request as if its path named the session. What names none is refused after the door, like all else. */
function inGallery(context: ApiContext, entered: Parameters<typeof enter>[3], serve: Serve): Serve {
  return async (req, res) => {
    const { session_id: named, ...rest } = req.query;
    const session_id = await sessionOf(context, named).catch(async (refusal) => {
      const refuse = () => Promise.reject<never>(refusal);
      return (await enter(context, req, res, entered)) ? refuse() : withoutToken(refuse);
    });
    Object.defineProperty(req, 'query', { value: rest, configurable: true });
    Object.assign(req.params, { session_id });
    await serve(req, res);
  };
}

/** @throws {Problem} 422 for what is no id, or 404 where no gallery is open */
async function sessionOf(context: ApiContext, named: unknown): Promise<string> {
  const query = named === undefined ? {} : { session_id: named };
  const { session_id = await demandLastOpenGallery(context) } = demandQuery(ofSession, { query } as unknown as Request);
  return session_id;
}
