/** AsyncAPI 3.0 of the live protocol, made from the schemas of its messages: it cannot say anything that is not sent. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { CLOSINGS } from '../../live/closeCodes.ts';
import { describedInConsole } from '../../live/consoleExamples.ts';
import { consoleClientMessages, consoleServerMessages } from '../../live/consoleMessages.ts';
import { described } from '../../live/examples.ts';
import { describedInFeeds } from '../../live/feedExamples.ts';
import { feedClientMessages, feedServerMessages } from '../../live/feedMessages.ts';
import { describedInGallery } from '../../live/galleryExamples.ts';
import { galleryClientMessages, galleryServerMessages } from '../../live/galleryMessages.ts';
import { clientMessages, serverMessages } from '../../live/messages.ts';
import { consoleSchemas, feedSchemas, gallerySchemas, liveSchemas } from './liveSchemas.ts';

/** Of one kind of room: the names under which components have its messages, and what answers which. */
interface Words {
  from_relay: readonly string[];
  from_client: readonly string[];
  replies: { readonly [type: string]: string };
}

const LIVE: Words = {
  from_relay: Object.keys(serverMessages),
  from_client: Object.keys(clientMessages),
  replies: { PING: 'PONG', REQUEST_STATE: 'SNAPSHOT', REAUTH: 'REAUTHED' },
};
const ofGallery = (type: string) => `gallery.${type}`;
const GALLERY: Words = {
  from_relay: Object.keys(galleryServerMessages).map(ofGallery),
  from_client: Object.keys(galleryClientMessages).map(ofGallery),
  replies: { 'gallery.PING': 'gallery.PONG' },
};

const ofFeeds = (type: string) => `feeds.${type}`;
const FEEDS: Words = {
  from_relay: Object.keys(feedServerMessages).map(ofFeeds),
  from_client: Object.keys(feedClientMessages).map(ofFeeds),
  replies: {
    'feeds.subscribe': 'feeds.snapshot',
    'feeds.unsubscribe': 'feeds.state',
    'feeds.ping': 'feeds.pong',
    'feeds.REAUTH': 'feeds.REAUTHED',
  },
};

const ofConsole = (type: string) => `console.${type}`;
const OF_CONSOLE: Words = {
  from_relay: Object.keys(consoleServerMessages).map(ofConsole),
  from_client: Object.keys(consoleClientMessages).map(ofConsole),
  replies: {
    'console.join_user_room': 'console.room_joined',
    'console.join_admin_room': 'console.room_joined',
    'console.leave_room': 'console.room_left',
    'console.subscribe_risk_score': 'console.subscribed',
    'console.subscribe_network_topology': 'console.subscribed',
    'console.ping': 'console.pong',
    'console.REAUTH': 'console.REAUTHED',
  },
};

const MESSAGES = Object.fromEntries([
  ...Object.entries(described).map(([type, one]) => [type, messageOf(type, one)]),
  ...Object.entries(describedInGallery).map(([type, one]) => [ofGallery(type), messageOf(ofGallery(type), one)]),
  ...Object.entries(describedInFeeds).map(([type, one]) => [ofFeeds(type), messageOf(ofFeeds(type), one)]),
  ...Object.entries(describedInConsole).map(([type, one]) => [ofConsole(type), messageOf(ofConsole(type), one)]),
]);

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
const RESUMPTION = {
  resume_ticket: { type: 'string', description: 'Of WELCOME or DRAIN, good once: lets you back in beyond the limits.' },
};
const ADMISSION = {
  last_sequence: POSITION,
  ...RESUMPTION,
  seat: { type: 'boolean', default: true, description: 'false: listens without being present on the roster.' },
};
const FINGERPRINT = {
  fingerprint: {
    type: 'string',
    description: 'Without a token: what you post with in the header `X-Browser-Fingerprint`, which works here, too.',
  },
};
const TOKEN = { token: { type: 'string', description: 'A token, or an observer ticket.' } };

export function asyncApiDocument(version: string): JsonObject {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Plearoll live',
      version,
      description:
        'Follows a courtroom session live: every event of its record once, in order, without a hole. The same messages on three transports. Beside it, what spectators say in its gallery, and boards that follow many matches.',
    },
    defaultContentType: 'application/json',
    servers: SERVERS,
    channels: Object.fromEntries(CHANNELS.map((channel) => [channel.name, channelOf(channel)])),
    operations: Object.assign({}, ...CHANNELS.map(operationsOf)),
    components: {
      messages: MESSAGES,
      schemas: {
        ...liveSchemas(),
        ...gallerySchemas(ofGallery),
        ...feedSchemas(ofFeeds),
        ...consoleSchemas(ofConsole),
      },
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
  name: string;
  address: string;
  description: string;
  server: keyof typeof SERVERS;
  words: Words;
  rest: JsonObject;
}

const CHANNELS: readonly Channel[] = [
  {
    name: 'websocket',
    address: '/live/ws/{session_id}',
    description: 'A session by WebSocket.',
    server: 'websocket',
    words: LIVE,
    rest: { parameters: SESSION, bindings: { ws: { method: 'GET', query: objectOf({ ...TOKEN, ...ADMISSION }) } } },
  },
  {
    name: 'socketio',
    address: '/live',
    description:
      'A session by socket.io, in the namespace `/live`: each message is an event named by its `type`, whose one argument is the message. Refusals are `connect_error` with `err.data` = `{code, status, retry_after_ms?}`.',
    server: 'socketio',
    words: LIVE,
    rest: { 'x-auth': objectOf({ ...TOKEN, session_id: { type: 'string', format: 'uuid' }, ...ADMISSION }) },
  },
  {
    name: 'sse',
    address: '/live/sse/{session_id}',
    description:
      'A session by server-sent events: `event:` is the type, `data:` the message, and `id:`, on EVENT alone, its sequence. The header `Last-Event-ID` goes before `last_sequence`.',
    server: 'sse',
    words: { ...LIVE, from_client: [] },
    rest: { parameters: SESSION, 'x-query': objectOf({ ...TOKEN, ...ADMISSION }) },
  },
  {
    name: 'gallery_websocket',
    address: '/gallery/ws/{session_id}',
    description:
      'The gallery of a session by WebSocket. Of a public session no token is needed, but while it is active.',
    server: 'websocket',
    words: GALLERY,
    rest: {
      parameters: SESSION,
      bindings: { ws: { method: 'GET', query: objectOf({ ...TOKEN, ...RESUMPTION, ...FINGERPRINT }) } },
    },
  },
  {
    name: 'gallery_socketio',
    address: '/gallery',
    description: 'The gallery of a session by socket.io, in the namespace `/gallery`.',
    server: 'socketio',
    words: GALLERY,
    rest: {
      'x-auth': objectOf({ ...TOKEN, session_id: { type: 'string', format: 'uuid' }, ...RESUMPTION, ...FINGERPRINT }),
    },
  },
  {
    name: 'feeds_websocket',
    address: '/feeds/ws',
    description:
      'Matches by WebSocket, many on one connection. A refusal is a connection that says `error` and is closed with 1008.',
    server: 'websocket',
    words: FEEDS,
    rest: { bindings: { ws: { method: 'GET', query: objectOf({ ...TOKEN, ...RESUMPTION }) } } },
  },
  {
    name: 'feeds_socketio',
    address: '/feeds',
    description: 'Matches by socket.io, in the namespace `/feeds`, many on one connection.',
    server: 'socketio',
    words: FEEDS,
    rest: { 'x-auth': objectOf({ ...TOKEN, ...RESUMPTION }) },
  },
  {
    name: 'console_socketio',
    address: '/console',
    description:
      'Notices, alerts and what is connected, by socket.io, in the namespace `/console`. Rooms follow from the token; what is missed is read over HTTP.',
    server: 'socketio',
    words: OF_CONSOLE,
    rest: { 'x-auth': objectOf({ ...TOKEN }) },
  },
];

function serverOf(protocol: string, schemes: readonly (keyof typeof SECURITY)[], description: string): JsonObject {
  const security = schemes.map((name) => ref('components', 'securitySchemes', name));
  return { host: '{host}', protocol, description, variables: HOST, security };
}

function channelOf({ address, description, server, words, rest }: Channel): JsonObject {
  const types = [...words.from_relay, ...words.from_client];
  const messages = types.map((type) => [type, ref('components', 'messages', type)]);
  return { address, description, servers: [ref('servers', server)], ...rest, messages: Object.fromEntries(messages) };
}

function operationsOf({ name, words }: Channel): JsonObject {
  const on = (types: readonly string[]) => ({
    channel: ref('channels', name),
    messages: types.map((type) => ref('channels', name, 'messages', type)),
  });
  const heard = words.from_client.map((type) => {
    const reply = words.replies[type];
    return [`${name}.${nameOf(type)}`, { action: 'receive', ...on([type]), ...(reply && { reply: on([reply]) }) }];
  });
  return { [`${name}.listen`]: { action: 'send', ...on(words.from_relay) }, ...Object.fromEntries(heard) };
}

/** Its `type`. */
function nameOf(type: string): string {
  return type.slice(type.indexOf('.') + 1);
}

function messageOf(type: string, { summary, example }: { summary: string; example: JsonObject }): JsonObject {
  return {
    name: nameOf(type),
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
