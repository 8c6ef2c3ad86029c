/**
 * Looking into a room at every relay that has it: the question goes out over the broadcast, each relay answers for its
 * own part, and after a second those that have not are left out.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Broadcast } from '../broadcast/broadcast.ts';
import type { Log } from '../telemetry/log.ts';
import type { Reports } from './reports.ts';

const sequence = z.int().min(0);

const RoomView = z.object({
  head: z.object({ event_sequence: sequence, event_hash: z.string() }),
  /** The first and the last event that the room keeps ready to send. */
  ring: z.object({ from: sequence, to: sequence }),
  listeners: z.array(
    z.object({
      connection_id: z.string(),
      transport: z.string(),
      /** How many events it has not been sent. */
      lag: sequence,
      /** The last that it said it has; 0 before it said anything. */
      acked: sequence,
    }),
  ),
});
export type RoomView = z.output<typeof RoomView>;

const Question = z.object({ id: z.uuid(), session_id: z.string() });
const Answer = z.object({ relay: z.string(), view: RoomView.nullable() });

/** Of one room, at one relay and at all: those that lag most. */
export const MOST_LISTENERS = 200;

const QUESTIONS = 'room-questions';
const WITHIN_MS = 1_000;
const answersTo = (question: string) => `room-answers:${question}`;

/** @param view undefined where the relay does not have the room. @returns what ends it */
export function answerRoomQuestions(
  { broadcast, log }: { broadcast: Broadcast; log: Log },
  relay: string,
  view: (session_id: string) => RoomView | undefined,
): () => void {
  const subscribed = broadcast.subscribe(QUESTIONS, (text) => {
    const question = read(Question, text);
    if (!question) return;
    const answer = { relay, view: view(question.session_id) ?? null };
    broadcast
      .publish(answersTo(question.id), JSON.stringify(answer))
      .catch((err) => log.debug({ err }, 'answering a question about a room failed'));
  });
  subscribed.catch((err) => log.warn({ err }, 'no channel of questions about rooms; operators do not see into rooms'));
  return () => void subscribed.then((end) => end()).catch(() => {});
}

/** @returns the room's part at each relay that has it and answers in time. @throws where relays cannot be asked */
export async function askForRoom(
  broadcast: Broadcast,
  reports: Pick<Reports, 'reports'>,
  session_id: string,
): Promise<RoomView[]> {
  const waiting = new Set((await reports.reports()).keys());
  if (waiting.size === 0) return [];
  const id = randomUUID();
  const views: RoomView[] = [];
  let onAnswered = () => {};
  const answered = new Promise<void>((resolve) => {
    onAnswered = resolve;
  });
  const end = await broadcast.subscribe(answersTo(id), (text) => {
    const answer = read(Answer, text);
    if (!answer || !waiting.delete(answer.relay)) return;
    if (answer.view) views.push(answer.view);
    if (waiting.size === 0) onAnswered();
  });
  const patience = setTimeout(onAnswered, WITHIN_MS);
  try {
    await broadcast.publish(QUESTIONS, JSON.stringify({ id, session_id }));
    await answered;
  } finally {
    clearTimeout(patience);
    await end();
  }
  return views;
}

function read<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
