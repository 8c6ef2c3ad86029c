/** The session as the bundle shows it, beside its events: it stands where they end, and is what they fold into. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { Chain, EventLine } from './envelopes.ts';
import type { Check, Tally } from './report.ts';

/** Folds events into the session that they make: the court's own definitions, given by the caller that has them. */
export interface StateFold {
  /** @param payload as stored; null where it was erased */
  add(event: EventLine, payload: string | null): void;
  /** Where the session as shown differs from what was folded, as paths; or why it cannot be told. */
  compare(session: JsonObject): { differences: string[] } | { why: string };
}

/** @param fold undefined where the caller has none, or where a broken chain gives nothing to fold */
export function judgeSession(text: string | undefined, chain: Chain, fold: StateFold | undefined, tally: Tally): void {
  const session = text === undefined ? undefined : readObject(text);
  if (!session) {
    if (text === undefined) tally.reasons.push('session.json is not there: nothing says where the events end.');
    else tally.find('session', { expected: 'a JSON object', got: text });
    return;
  }
  tally.counts.session = 1;
  judgeEnd(session, chain, tally);
  if (!fold) {
    tally.notes.push('The events were not folded: what session.json says besides its head was not compared.');
    return;
  }
  const compared = fold.compare(session);
  if ('why' in compared) tally.notes.push(`The session was not compared with its events: ${compared.why}.`);
  else {
    tally.counts.state = 1;
    for (const path of compared.differences) {
      tally.find('state', { stream: chain.stream(), expected: 'what the events fold into', got: path });
    }
  }
}

function judgeEnd(session: JsonObject, chain: Chain, tally: Tally): void {
  const stream = chain.stream();
  const head = chain.head();
  const expect = (check: Check, what: string, expected: unknown, got: unknown) => {
    if (got === expected) return;
    const event_sequence = head?.event_sequence ?? null;
    tally.find(check, { stream, event_sequence, expected: `${what} ${expected}`, got: `${what} ${got}` });
  };
  const told = (session.head ?? {}) as JsonObject;
  expect('session', 'id', stream?.slice(stream.indexOf(':') + 1) ?? null, session.id);
  expect('session', 'head', head?.event_sequence ?? null, told.event_sequence);
  expect('session', 'head', head?.event_hash ?? null, told.event_hash);
  expect('session', 'integrity_hash', chain.hasEnded() ? head!.event_hash : null, session.integrity_hash);
}

function readObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
