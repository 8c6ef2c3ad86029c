/** What the guard refuses, in words for people. */
import { defineProblems } from '../core/definitions/problem.ts';

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
});
