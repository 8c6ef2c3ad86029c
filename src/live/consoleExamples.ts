/** Each message of the sockets of consoles in a sentence, and as it may look: for documents. A test holds the examples to the schemas. */
import type { JsonObject } from '../core/definitions/event.ts';
import type { consoleClientMessages, consoleServerMessages } from './consoleMessages.ts';
import { described as describedElsewhere } from './examples.ts';

type MessageType = keyof typeof consoleServerMessages | keyof typeof consoleClientMessages;

const ID = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e40';
const server_time = '2026-09-24T10:11:20.000Z';
const room = `user:${ID}`;
const notice = { id: ID, kind: 'start', text: 'Harbour v. Atlas has begun in Hall B.', created_at: server_time };

const described = (type: string, summary: string, example: JsonObject = {}) => ({
  summary,
  example: { type, ...example },
});

export const describedInConsole: Record<MessageType, { summary: string; example: JsonObject }> = {
  connection_response: described('connection_response', 'The first message: the connection is admitted.', {
    ...{ status: 'connected', sid: 'mWq0fQ3pQkq8cZ1x', server_time },
  }),
  room_joined: described('room_joined', 'The room is joined: what is told there follows.', { room }),
  room_left: described('room_left', 'The room is left.', { room }),
  subscribed: described('subscribed', 'What was asked for follows whenever it changes.', { to: 'risk_score' }),
  risk_score_update: described('risk_score_update', 'The risk of your sign-in was reckoned anew.', {
    ...{ risk_score: 12, level: 'low', components: { keystroke: 10, mouse: 14, navigation: 8, time: 20 } },
  }),
  network_topology_update: described(
    'network_topology_update',
    'The processes, queues, relays and rooms there are, and how many listen where: at once, when it changes, and each minute.',
    {
      nodes: [
        { id: 'process:worker', kind: 'process', state: 'up', listeners: 0, processes: 2 },
        { id: 'queue:ml', kind: 'queue', state: 'served', listeners: 0 },
        { id: 'relay:mWq0', kind: 'relay', state: 'up', listeners: 41 },
        { id: `room:${ID}`, kind: 'room', state: 'active', listeners: 40 },
      ],
      edges: [
        { from: 'process:worker', to: 'queue:ml', listeners: 0, status: 'served' },
        { from: 'relay:mWq0', to: `room:${ID}`, listeners: 40, status: 'connected' },
      ],
      as_of: server_time,
    },
  ),
  threat_alert: described(
    'threat_alert',
    'A threat was found in your institution: `GET /threats` has it. For admins.',
    {
      ...{ id: ID, threat: 'privilege_escalation', subject_kind: 'user', subject: ID, confidence: 83 },
    },
  ),
  admin_notification: described('admin_notification', 'A notice for admins as such was stored.', {
    ...notice,
    ...{ kind: 'notice', text: 'tamper_detected: the database does not verify, with 1 issues.', read_at: null },
  }),
  session_terminated: described('session_terminated', 'Your sign-in was ended; the connection is closed.', {
    reason: 'Signed in elsewhere.',
  }),
  reauthentication_required: described('reauthentication_required', 'You are asked to sign in once more.'),
  session_monitoring: described('session_monitoring', 'Your sign-in is looked at more closely.'),
  policy_update: described('policy_update', 'A policy of your institution changed, or is lifted for a person.', {
    ...{ policy_id: ID, change: 'activated' },
  }),
  notification: described('notification', 'A notice for you was stored.', { ...notice, read_at: null }),
  pong: described('pong', 'The answer to ping.', { server_time }),
  TOKEN_EXPIRING: describedElsewhere.TOKEN_EXPIRING,
  REAUTHED: describedElsewhere.REAUTHED,
  error: described('error', 'A message was refused, or the connection is about to be closed, and why.', {
    ...{ code: 'not_found', detail: 'There is no such room for you.' },
  }),
  join_user_room: described('join_user_room', 'Joins your own room; another person’s id is refused.'),
  join_admin_room: described(
    'join_admin_room',
    'Joins the room of the admins of your institution, or of the installation.',
  ),
  leave_room: described('leave_room', 'Leaves a room.', { room }),
  subscribe_risk_score: described(
    'subscribe_risk_score',
    'Asks for the risk of your own sign-ins, or, for admins, of those of a person of the institution.',
  ),
  subscribe_network_topology: described('subscribe_network_topology', 'Asks for what is connected; admins alone.'),
  ping: described('ping', 'Asks for a pong.'),
  REAUTH: describedElsewhere.REAUTH,
};
