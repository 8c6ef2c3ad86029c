/** The groups of operations in documents, each in words: the first part of an operation's name. */
import type { JsonObject } from '../../core/definitions/event.ts';

const WORDS: Readonly<Record<string, string>> = {
  assignment: 'Matches: who pleads, who judges, where and when.',
  session: 'Courtroom sessions, from created to sealed: who takes part, who looks on, and their record.',
  turn: 'Timed speeches: planned, begun, stopped and ended, and the bench that asks.',
  objection: 'Objections, and the rulings on them.',
  exhibit: 'What is put in evidence, and its files.',
  violation: 'Breaches of procedure, put on record.',
  recording: 'Where a session can be heard again.',
  payload: 'What an event said, erased.',
  gallery: 'What spectators say beside a session, never part of its record.',
  command: 'How a command stands that was sent before.',
  integrity: 'The record checked against itself.',
  findings: 'What the timed jobs found wrong with the record.',
  guard: 'Bans of browsers, people and addresses.',
  audit: 'Who was let in, who was refused, and what admins changed.',
  institution: 'What admins set for their institution.',
  contact: 'Cards with which those who run a round are reached.',
  feed: 'Rounds that come in from tournament software.',
  match: 'Matches as boards follow them, of feeds and of our own rooms: phase, score, what happened.',
  board: 'Links for foyers, which show matches without a sign-in.',
  calendar: 'Calendars of matches and of people.',
  telemetry: 'How those who agreed to it type, point and read, in times alone.',
  notices: 'What you are told of, what you want to be told of, and what you follow.',
  status: 'How the installation does, in states and counts; without a token too.',
  login: 'Login sessions: where people are signed in, and how that ends.',
  policy: 'Who sends which commands, at which hours and how surely: observed first, then enforced.',
  threat: 'What looks like an attack on sign-ins, and what it turned out to be.',
  privacy: 'What is known of you beside the record, and forgetting it.',
  tokens: 'Ending tokens before their time.',
  ops: 'What operators look at.',
  health: 'Whether this server lives and is of use; without a token.',
  documents: 'What describes this server; without a token.',
};

export function tagOf(name: string): string {
  return name.split('.')[0]!;
}

/** The tags of these operations. @throws where one is without words */
export function tagsOf(names: readonly string[]): JsonObject[] {
  const used = new Set([...names.map(tagOf), 'health', 'documents']);
  return [...used].map((name) => {
    if (!(name in WORDS)) throw new Error(`${name} is a group of operations without words`);
    return { name, description: WORDS[name] };
  });
}
