/**
 * Those who speak in a gallery's benchmark, in a process of their own: an open loop of posts, each by a visitor who did not
 * speak before, at the APIs in turn.
 */
import { createAsking, visitorHeaders } from './asking.ts';
import { machineNow } from './clock.ts';

export interface PostPlan {
  urls: string[];
  per_second: number;
  seconds: number;
}

export interface Posted {
  kind: 'posted';
  /** When each message that was taken was sent, by its id. */
  sent: Map<string, number>;
  /** How many were answered with each status; 0 where no answer came. */
  answers: Record<number, number>;
}

const CONNECTIONS = 128;
const TICK_MS = 5;
const TEXT = 'May it please the court: does the treaty bind the harbour authority where the charter says nothing?';

const { ask } = createAsking(CONNECTIONS);
let visitors = 0;

process.on('message', (plan: PostPlan) => void post(plan).then((posted) => process.send!(posted)));

async function post({ urls, per_second, seconds }: PostPlan): Promise<Posted> {
  const posted: Posted = { kind: 'posted', sent: new Map(), answers: {} };
  const total = Math.round(per_second * seconds);
  const underWay: Promise<void>[] = [];
  const began = performance.now();
  while (underWay.length < total) {
    const due = Math.min(total, ((performance.now() - began) * per_second) / 1_000);
    while (underWay.length < due) underWay.push(postOne(urls[underWay.length % urls.length]!, posted));
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(underWay);
  return posted;
}

async function postOne(url: string, { sent, answers }: Posted): Promise<void> {
  visitors += 1;
  const sent_at = machineNow();
  const body = { text: TEXT, category: 'question' };
  const { status, text } = await ask({ method: 'POST', url, headers: visitorHeaders(visitors), body });
  answers[status] = (answers[status] ?? 0) + 1;
  if (status === 201) sent.set(JSON.parse(text).result.id, sent_at);
}
