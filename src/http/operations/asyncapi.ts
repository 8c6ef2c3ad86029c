/** AsyncAPI 3.0 of the live protocol, made from the schemas of its messages: it cannot say anything that is not sent. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { CLOSINGS } from '../../live/closeCodes.ts';
import { described } from '../../live/examples.ts';
import { clientMessages, serverMessages } from '../../live/messages.ts';
import { liveSchemas } from './liveSchemas.ts';

const FROM_RELAY = Object.keys(serverMessages) as (keyof typeof serverMessages)[];
const FROM_CLIENT = Object.keys(clientMessages) as (keyof typeof clientMessages)[];
const REPLIES = { PING: 'PONG', ACK: undefined, REQUEST_STATE: 'SNAPSHOT', REAUTH: 'REAUTHED' } as const;

const HOST = {
  host: {
    default: '127.0.0.1:3000',
    description: 'The server of `npm start`; where the processes run apart, the relay: its port is RELAY_PORT (3001).',
  },
};
const SESSION = { session_id: { description: 'The id of the session, a UUID.' } };
const POSITION = {
  type: 'integer',
  minimum: 0,
  description: 'The last event that you have: exactly those after it follow; 0: all. Without it: a SNAPSHOT.',
};
const ADMISSION = {
  last_sequence: POSITION,
  resume_ticket: { type: 'string', description: 'Of WELCOME or DRAIN, good once: lets you back in beyond the limits.' },
  seat: { type: 'boolean', default: true, description: 'false: listens without being present on the roster.' },
};
const TOKEN = { token: { type: 'string', description: 'A token, or an observer ticket.' } };

export function asyncApiDocument(version: string): JsonObject {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Plearoll live',
      version,
      description:
        'Follows a courtroom session live: every event of its record once, in order, without a hole. The same messages on three transports.',
    },
    defaultContentType: 'application/json',
    servers: SERVERS,
    channels: Object.fromEntries(CHANNELS.map((channel) => [channel.name, channelOf(channel)])),
    operations: Object.assign({}, ...CHANNELS.map(operationsOf)),
    components: {
      messages: Object.fromEntries([...FROM_RELAY, ...FROM_CLIENT].map((type) => [type, messageOf(type)])),
      schemas: liveSchemas(),
      securitySchemes: SECURITY,
    },
    'x-close-codes': Object.entries(CLOSINGS).map(([code, { reason, returns, meaning }]) => {
      return { code: Number(code), reason, come_back: returns, meaning };
    }),
  };
}

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  tokenInQuery: {
    type: 'httpApiKey',
    in: 'query',
    name: 'token',
    description: 'For clients that cannot send headers.',
  },
  tokenInAuth: { type: 'apiKey', in: 'password', description: '`auth.token` of the socket.io handshake.' },
};

const SERVERS = {
  websocket: serverOf('ws', ['bearer', 'tokenInQuery'], 'One JSON object in each text frame.'),
  socketio: {
    ...serverOf('socketio', ['tokenInAuth', 'bearer'], 'socket.io 4, by WebSocket or polling.'),
    pathname: '/socket.io/',
  },
  sse: serverOf('http', ['tokenInQuery', 'bearer'], 'Server-sent events: the listener says nothing.'),
};

interface Channel {
  name: keyof typeof SERVERS;
  address: string;
  description: string;
  says: readonly (keyof typeof clientMessages)[];
  rest: JsonObject;
}

const CHANNELS: readonly Channel[] = [
  {
    name: 'websocket',
    address: '/live/ws/{session_id}',
    description: 'A session by WebSocket.',
    says: FROM_CLIENT,
    rest: { parameters: SESSION, bindings: { ws: { method: 'GET', query: objectOf({ ...TOKEN, ...ADMISSION }) } } },
  },
  {
    name: 'socketio',
    address: '/live',
    description:
      'A session by socket.io, in the namespace `/live`: each message is an event named by its `type`, whose one argument is the message. Refusals are `connect_error` with `err.data` = `{code, status, retry_after_ms?}`.',
    says: FROM_CLIENT,
    rest: { 'x-auth': objectOf({ ...TOKEN, session_id: { type: 'string', format: 'uuid' }, ...ADMISSION }) },
  },
  {
    name: 'sse',
    address: '/live/sse/{session_id}',
    description:
      'A session by server-sent events: `event:` is the type, `data:` the message, and `id:`, on EVENT alone, its sequence. The header `Last-Event-ID` goes before `last_sequence`.',
    says: [],
    rest: { parameters: SESSION, 'x-query': objectOf({ ...TOKEN, ...ADMISSION }) },
  },
];

function serverOf(protocol: string, schemes: readonly (keyof typeof SECURITY)[], description: string): JsonObject {
  const security = schemes.map((name) => ref('components', 'securitySchemes', name));
  return { host: '{host}', protocol, description, variables: HOST, security };
}

function channelOf({ name, address, description, says, rest }: Channel): JsonObject {
  const messages = [...FROM_RELAY, ...says].map((type) => [type, ref('components', 'messages', type)]);
  return { address, description, servers: [ref('servers', name)], ...rest, messages: Object.fromEntries(messages) };
}

function operationsOf({ name, says }: Channel): JsonObject {
  const on = (types: readonly string[]) => ({
    channel: ref('channels', name),
    messages: types.map((type) => ref('channels', name, 'messages', type)),
  });
  const heard = says.map((type) => {
    const reply = REPLIES[type];
    return [`${name}.${type}`, { action: 'receive', ...on([type]), ...(reply && { reply: on([reply]) }) }];
  });
  return { [`${name}.listen`]: { action: 'send', ...on(FROM_RELAY) }, ...Object.fromEntries(heard) };
}

function messageOf(type: keyof typeof described): JsonObject {
  const { summary, example } = described[type];
  return {
    name: type,
    title: type,
    summary,
    payload: ref('components', 'schemas', type),
    examples: [{ payload: example }],
  };
}

function objectOf(properties: JsonObject): JsonObject {
  return { type: 'object', properties };
}

function ref(...path: string[]): JsonObject {
  return { $ref: `#/${path.join('/')}` };
}
