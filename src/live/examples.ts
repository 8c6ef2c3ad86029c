/** Each message in a sentence, and as it may look: for documents. A test holds the examples to the schemas. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { clientMessages, serverMessages } from './messages.ts';

type MessageType = keyof typeof serverMessages | keyof typeof clientMessages;

const SESSION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
const ADA = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e14';
const HASH = '78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde';
const head = { event_sequence: 17, event_hash: HASH };
const resume_ticket = 'mWq0fQ3pQkq8cZ1x7m0y5w';

const session = {
  id: SESSION,
  assignment_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e10',
  institution_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e01',
  title: 'Meridian v. Harbour Authority',
  courtroom: 'Courtroom 1',
  visibility: 'public',
  status: 'active',
  created_at: '2026-09-24T09:58:00.000Z',
  started_at: '2026-09-24T10:00:00.000Z',
  ended_at: null,
  recording_url: null,
  metadata: {},
  integrity_hash: null,
  integrity_last_checked_at: null,
  participants_count: 1,
  head,
  turn: null,
  clock: null,
};

const participant = {
  id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e15',
  user_id: ADA,
  name: 'Ada Petrova',
  role: 'petitioner',
  status: 'connected',
  joined_at: '2026-09-24T10:00:05.120Z',
  left_at: null,
  connection_count: 1,
};

export const described: Record<MessageType, { summary: string; example: JsonObject }> = {
  WELCOME: {
    summary:
      'The first message, but for an ERROR or a DRAIN: how the listener is brought up to date, and where the record stands.',
    example: { type: 'WELCOME', mode: 'delta', recovered: true, head, resume_ticket },
  },
  SNAPSHOT: {
    summary: "The session's state up to the head that it names; the events after that follow.",
    example: {
      type: 'SNAPSHOT',
      data: {
        ...{ session, participants: [participant], turn: null, clock: null, objections: [], exhibits: [] },
        ...{ presence: { listeners: 41, participants: [{ user_id: ADA, status: 'connected' }] }, head },
        signed_head: null,
      },
    },
  },
  EVENT: {
    summary: 'One event of the record, exactly as the log has it. Each comes once, in order, without a hole.',
    example: {
      type: 'EVENT',
      stream: `session:${SESSION}`,
      session_id: SESSION,
      event_sequence: 18,
      event_type: 'SESSION_PAUSED',
      event_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e16',
      actor_id: ADA,
      occurred_at: '2026-09-24T10:11:12.345Z',
      previous_hash: HASH,
      event_hash: '5029b3a908c6383bf13474b795327010d596f360b62b436b5895dba227003015',
      payload: { reason: 'Tea.' },
      payload_salt: 'ab'.repeat(32),
      payload_commitment: '9f147dafb1c410bffda4f3678c8f2064f05949efad3e895aea074a0ecf2a0670',
    },
  },
  SYNCED: {
    summary: 'All that was committed when you joined has been sent; what follows is live.',
    example: { type: 'SYNCED', event_sequence: 17 },
  },
  RESYNC: {
    summary: 'Events were left out, or a position cannot be honoured.',
    example: { type: 'RESYNC', from: 18, to: 240, reason: 'slow', event_hash: HASH },
  },
  PONG: {
    summary: 'The answer to PING: the time of the relay, and how far this relay knows the record to reach.',
    example: { type: 'PONG', timestamp: '2026-09-24T10:11:20.000Z', head },
  },
  PRESENCE: {
    summary: 'How many listen, and how the participants stand; at most once in two seconds.',
    example: { type: 'PRESENCE', listeners: 42, participants: [{ user_id: ADA, status: 'connected' }] },
  },
  TOKEN_EXPIRING: {
    summary: 'The token of this connection ends soon: send REAUTH with a new one.',
    example: { type: 'TOKEN_EXPIRING', in_ms: 60_000 },
  },
  REAUTHED: {
    summary: 'The new token is taken; the connection lasts as long as that.',
    example: { type: 'REAUTHED', expires_at: '2026-09-24T22:00:00.000Z' },
  },
  ERROR: {
    summary: 'A message was refused, or the connection is about to be closed, and why.',
    example: { type: 'ERROR', code: 'message_rate', detail: 'More than 20 messages in ten seconds are dropped.' },
  },
  DRAIN: {
    summary: 'The connection is about to be closed: come back after so long, with the ticket.',
    example: { type: 'DRAIN', reconnect_in_ms: 3_348, resume_ticket },
  },
  PING: { summary: 'Asks for a PONG.', example: { type: 'PING' } },
  ACK: {
    summary: 'The last event that was taken in. Nothing is answered; operators see how far listeners are behind.',
    example: { type: 'ACK', last_sequence: 20 },
  },
  REQUEST_STATE: { summary: 'Asks for a SNAPSHOT.', example: { type: 'REQUEST_STATE' } },
  REAUTH: {
    summary: 'A new token for this connection, of the same person: answered by REAUTHED, or the end.',
    example: { type: 'REAUTH', token: 'eyJhbGciOiJIUzI1NiJ9...' },
  },
};
