/** The gallery: what spectators say beside a session, never part of its record. */
import { defineModule } from '../core/definitions/module.ts';
import { closeGallery } from './closeGallery.ts';
import { galleries } from './gallery.ts';
import { galleryProblems } from './galleryProblems.ts';
import { answerMessage } from './messages/answerMessage.ts';
import { approveMessage } from './messages/approveMessage.ts';
import { banAuthor } from './messages/banAuthor.ts';
import { eraseMessages } from './messages/eraseMessages.ts';
import { hideMessage } from './messages/hideMessage.ts';
import { messages } from './messages/message.ts';
import { postMessage } from './messages/postMessage.ts';
import { exportMessages, readHeld } from './messages/readHosted.ts';
import { readMessages } from './messages/readMessages.ts';
import { reportMessage, reports } from './messages/reportMessage.ts';
import { restoreMessage } from './messages/restoreMessage.ts';
import { voteMessage } from './messages/voteMessage.ts';
import { withdrawMessage } from './messages/withdrawMessage.ts';
import { openGallery } from './openGallery.ts';
import { slowGallery } from './slowGallery.ts';
import { countVisits } from './visits/countVisits.ts';
import { readDailyStats, readSessionStats } from './visits/readStats.ts';
import { visits, visitsStream } from './visits/visit.ts';

export const gallery = defineModule({
  name: 'gallery',
  problems: galleryProblems,
  commands: [
    postMessage,
    voteMessage,
    reportMessage,
    withdrawMessage,
    approveMessage,
    hideMessage,
    restoreMessage,
    answerMessage,
    banAuthor,
    openGallery,
    closeGallery,
    slowGallery,
  ],
  systemCommands: [eraseMessages, countVisits],
  kinds: [visitsStream],
  tables: [galleries, messages, reports, visits],
  queries: [readMessages, readHeld, exportMessages, readDailyStats, readSessionStats],
});
