/** What the guard refuses, in words for people. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const guardProblems = defineProblems({
  cooldown: [
    429,
    'You posted a short while ago',
    'Between two posts of one person lies a minute, and more in slow mode or where several people have reported the posts.',
    'Come back after `Retry-After` seconds.',
  ],
  refused_text: [
    422,
    'The text is not taken',
    'A rule about texts refuses it; `rule` says which. Nothing is stored, and no cooldown begins.',
    'Say it in other words, without links, telephone numbers or insults.',
  ],
  ban_ended: [
    409,
    'There is no such open ban',
    'The ban was lifted, has come to its end, or never was.',
    'Look at `GET /api/guard/bans?state=all`. To ban anew, name the key or the address.',
  ],
});

export const reject = rejectWith(guardProblems);
