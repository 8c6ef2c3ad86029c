/**
 * A bot that follows a session and says in words what happens, on standard output and to a chat where WEBHOOK_URL takes
 * `{"text": "..."}`. What it says was verified before. It comes back by itself, and ends with the session.
 *
 *     PLEAROLL_TOKEN=<token> node examples/bot.mjs <session> [http://127.0.0.1:3000]
 */
import { connect } from 'plearoll/client';

const [session, url = 'http://127.0.0.1:3000'] = process.argv.slice(2);
const { PLEAROLL_TOKEN: token, WEBHOOK_URL } = process.env;
if (!session || !token) {
  console.error('usage: PLEAROLL_TOKEN=<token> node examples/bot.mjs <session> [url]');
  process.exit(2);
}

const turns = new Map();
/** `10:00`, or `8:59`. */
const minutes = (ms) =>
  `${Math.floor(ms / 60_000)}:${String(Math.round((ms % 60_000) / 1_000)).padStart(2, '0')} minutes`;
const words = (text) => text.replaceAll('_', ' ');

/** What is said of an event; of all others nothing. The payload of an erased event is null. */
const SAYINGS = {
  SESSION_STARTED: () => 'The court is in session.',
  SESSION_PAUSED: () => 'The court takes a break.',
  SESSION_RESUMED: () => 'The court goes on.',
  TURN_STARTED: ({ turn_id, speaker_name }) => {
    const { side, kind, allotted_ms } = turns.get(turn_id);
    return `${speaker_name} has the floor for the ${side}: ${kind}, ${minutes(allotted_ms)}.`;
  },
  TURN_ENDED: () => 'The speech is over.',
  OBJECTION_RAISED: ({ ground }) => `Objection: ${words(ground)}.`,
  OBJECTION_RULED: ({ decision }) => `The objection is ${words(decision)}.`,
  OBJECTION_RULED_FOR: ({ decision }) => `The objection is ${words(decision)}.`,
  OBJECTION_CORRECTED: ({ decision }) => `A correction: the objection is ${words(decision)}.`,
  OBJECTION_WITHDRAWN: () => 'The objection is withdrawn.',
  TURN_VOIDED: () => 'The turn is void, and will be given anew.',
  SESSION_COMPLETED: ({ event_count }) => `The session is over, and its record is sealed with ${event_count} events.`,
};

const client = connect({ url, session, token, from: 0, seat: false });
client.on('state', (state) => state === 'stale' && console.error('connection lost, coming back'));
process.once('SIGINT', client.close);
try {
  for await (const { event_type, payload } of client.events()) {
    if (payload === null) continue;
    for (const turn of payload.turns ?? (payload.turn?.id ? [payload.turn] : [])) turns.set(turn.id, turn);
    const text = SAYINGS[event_type]?.(payload);
    if (text) await say(text);
    if (event_type === 'SESSION_COMPLETED') break;
  }
} catch (fault) {
  console.error(`${fault.code}: ${fault.message}`);
  process.exitCode = 1;
} finally {
  client.close();
}

/** One after the other, and a chat that does not answer holds nothing up for long. */
async function say(text) {
  console.log(text);
  if (!WEBHOOK_URL) return;
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST', headers, body: JSON.stringify({ text }), signal: AbortSignal.timeout(5_000) };
  await fetch(WEBHOOK_URL, request).catch((fault) => console.error(`webhook: ${fault.message}`));
}
