/**
 * The reply channel's text: a line of facts and a line of JSON for each outcome. The JSON stays text all the way from
 * the worker to the HTTP answer; JSON text never holds a raw newline.
 */
import type { Outcome } from '../../core/apply/outcome.ts';

export type Reply = Pick<Outcome, 'id' | 'status' | 'attempts' | 'finished_at' | 'body'>;

/** @param instance the API instance that waits */
export function replyChannel(instance: string): string {
  return `reply:${instance}`;
}

export function replyText(outcomes: readonly Reply[]): string {
  return outcomes
    .map(({ id, status, attempts, finished_at, body }) => `${id} ${status} ${attempts} ${finished_at}\n${body}`)
    .join('\n');
}

export function parseReplies(text: string): Reply[] {
  const lines = text.split('\n');
  const replies: Reply[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [id, status, attempts, finished_at] = lines[i]!.split(' ') as [string, Reply['status'], string, string];
    replies.push({ id, status, attempts: Number(attempts), finished_at, body: lines[i + 1]! });
  }
  return replies;
}
