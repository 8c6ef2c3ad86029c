/** Whether who had nothing to do with a blow was served meanwhile about as well as before. */
import { percentile } from '../bench/report.ts';
import type { Sent } from './producers.ts';

/** The p99 of bystanders during a blow, at most so many times what it was before. */
const MOST_TIMES = 3;
/** Below this a p99 of a few hundred commands on a busy machine is chance. */
const NO_LESS_THAN_MS = 100;
const ENOUGH = 50;

/** On the clock of performance.now(). */
export interface Span {
  from_ms: number;
  to_ms: number;
}

/** @param sessions those of bystanders @returns what is wrong, in a sentence; and the figures for the log */
export function judgeFairness(
  sent: Sent[],
  sessions: string[],
  before: Span,
  during: Span,
): { faults: string[]; figures: string } {
  const [calm, struck] = [before, during].map((span) => latenciesOf(sent, sessions, span)) as [number[], number[]];
  if (calm.length < ENOUGH || struck.length < ENOUGH) {
    return { faults: [`bystanders sent too little: ${calm.length} before, ${struck.length} meanwhile`], figures: '' };
  }
  const [was, is] = [calm, struck].map((sorted) => Math.round(percentile(sorted, 0.99))) as [number, number];
  const figures = `bystanders' p99 ${was} ms before, ${is} ms meanwhile`;
  const bound = MOST_TIMES * Math.max(was, NO_LESS_THAN_MS / MOST_TIMES);
  return { faults: is > bound ? [`${figures}: over ${MOST_TIMES} times`] : [], figures };
}

/** How long commands sent in the span took, with all that was tried again, in order. */
function latenciesOf(sent: Sent[], sessions: string[], { from_ms, to_ms }: Span): number[] {
  return sent
    .filter(({ session_id, sent_ms }) => sessions.includes(session_id) && sent_ms >= from_ms && sent_ms < to_ms)
    .map(({ sent_ms, answered_ms }) => (answered_ms ?? performance.now()) - sent_ms)
    .sort((a, b) => a - b);
}
