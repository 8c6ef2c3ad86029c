/** What is said on the sockets of consoles, flat, each an event of socket.io by its `type`. Rooms follow from the token. */
import { z } from 'zod';
import { at, count, uuid } from '../core/definitions/answers.ts';
import { noticeItem } from '../notices/notice.ts';
import { TYPES } from '../threats/rules.ts';
import { SUBJECTS } from '../threats/threat.ts';
import { clientMessages, serverMessages } from './messages.ts';

const fields = z.record(z.string(), z.unknown());
const level = z.string();

const node = z.strictObject({
  ...{ id: z.string(), kind: z.enum(['process', 'queue', 'relay', 'room']), state: z.string(), listeners: count },
  /** Of a kind of process: how many are alive. */
  processes: count.exactOptional(),
});
const edge = z.strictObject({ from: z.string(), to: z.string(), listeners: count, status: z.string() });

/** What is told to consoles has the fields that its teller gives it. */
const told = <Type extends string>(type: Type) => z.looseObject({ type: z.literal(type) });

/** From the relay. */
export const consoleServerMessages = {
  connection_response: z.strictObject({
    ...{ type: z.literal('connection_response'), status: z.literal('connected'), sid: z.string(), server_time: at },
  }),
  room_joined: z.strictObject({ type: z.literal('room_joined'), room: z.string() }),
  room_left: z.strictObject({ type: z.literal('room_left'), room: z.string() }),
  subscribed: z.strictObject({ type: z.literal('subscribed'), to: z.enum(['risk_score', 'network_topology']) }),
  risk_score_update: z.looseObject({
    type: z.literal('risk_score_update'),
    risk_score: z.number().nullable(),
    level,
    components: fields,
  }),
  network_topology_update: z.strictObject({
    ...{ type: z.literal('network_topology_update'), nodes: z.array(node), edges: z.array(edge), as_of: at },
  }),
  threat_alert: z.looseObject({
    ...{ type: z.literal('threat_alert'), id: uuid, threat: z.enum(TYPES), confidence: count },
    ...{ subject_kind: z.enum(SUBJECTS), subject: z.string() },
  }),
  admin_notification: z.looseObject({ type: z.literal('admin_notification'), ...noticeItem.shape }),
  session_terminated: z.looseObject({ type: z.literal('session_terminated'), reason: z.string() }),
  reauthentication_required: told('reauthentication_required'),
  session_monitoring: told('session_monitoring'),
  policy_update: z.looseObject({ type: z.literal('policy_update'), policy_id: uuid, change: z.string() }),
  notification: z.looseObject({ type: z.literal('notification'), ...noticeItem.shape }),
  pong: z.strictObject({ type: z.literal('pong'), server_time: at }),
  TOKEN_EXPIRING: serverMessages.TOKEN_EXPIRING,
  REAUTHED: serverMessages.REAUTHED,
  error: z.strictObject({ type: z.literal('error'), code: z.string(), detail: z.string() }),
};

const MAX_ROOM = 80;

/** From a client. Everything else is refused. */
export const consoleClientMessages = {
  join_user_room: z.strictObject({ type: z.literal('join_user_room'), user_id: uuid.optional() }),
  join_admin_room: z.strictObject({ type: z.literal('join_admin_room'), institution_id: uuid.optional() }),
  leave_room: z.strictObject({ type: z.literal('leave_room'), room: z.string().max(MAX_ROOM) }),
  subscribe_risk_score: z.strictObject({ type: z.literal('subscribe_risk_score'), user_id: uuid.optional() }),
  subscribe_network_topology: z.strictObject({ type: z.literal('subscribe_network_topology') }),
  ping: z.object({ type: z.literal('ping') }),
  REAUTH: clientMessages.REAUTH,
};

type ServerMessages = typeof consoleServerMessages;
export type ConsoleMessage = z.output<ServerMessages[keyof ServerMessages]>;
export type Topology = Omit<z.output<ServerMessages['network_topology_update']>, 'type' | 'as_of'>;
type ClientMessages = typeof consoleClientMessages;
export type ConsoleClientMessage = z.output<ClientMessages[keyof ClientMessages]>;
