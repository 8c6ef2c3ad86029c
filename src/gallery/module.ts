/** The gallery: what spectators say beside a session, never part of its record. */
import { defineModule } from '../core/definitions/module.ts';
import { galleries } from './gallery.ts';
import { galleryProblems } from './galleryProblems.ts';
import { messages } from './messages/message.ts';
import { postMessage } from './messages/postMessage.ts';
import { readMessages } from './messages/readMessages.ts';
import { reportMessage, reports } from './messages/reportMessage.ts';
import { voteMessage } from './messages/voteMessage.ts';
import { withdrawMessage } from './messages/withdrawMessage.ts';

export const gallery = defineModule({
  name: 'gallery',
  problems: galleryProblems,
  commands: [postMessage, voteMessage, reportMessage, withdrawMessage],
  tables: [galleries, messages, reports],
  queries: [readMessages],
});
