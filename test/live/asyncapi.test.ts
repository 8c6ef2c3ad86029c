/** The AsyncAPI document is one by the official schema, and says what the live protocol has: all of it, and nothing else. */
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { faultOfExported } from '../../src/core/chain/exported.ts';
import { asyncApiDocument } from '../../src/http/operations/asyncapi.ts';
import { CLOSE } from '../../src/live/closeCodes.ts';
import { describedInConsole } from '../../src/live/consoleExamples.ts';
import { consoleClientMessages, consoleServerMessages } from '../../src/live/consoleMessages.ts';
import { described } from '../../src/live/examples.ts';
import { describedInFeeds } from '../../src/live/feedExamples.ts';
import { feedClientMessages, feedServerMessages } from '../../src/live/feedMessages.ts';
import { describedInGallery } from '../../src/live/galleryExamples.ts';
import { galleryClientMessages, galleryServerMessages } from '../../src/live/galleryMessages.ts';
import { clientMessages, serverMessages } from '../../src/live/messages.ts';
import { catalog } from '../../src/modules.ts';
import type { Json } from '../support/client.ts';

const document = JSON.parse(JSON.stringify(asyncApiDocument('tried'))) as Json;
const official = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
// Formats say nothing that patterns do not.
const LENIENT = { strict: false, allErrors: true, validateFormats: false };
const ofGallery = (type: string) => `gallery.${type}`;
const ofConsole = (type: string) => `console.${type}`;
const ofFeeds = (type: string) => `feeds.${type}`;
const renamed = <T>(all: Record<string, T>, nameOf: (type: string) => string) =>
  Object.entries(all).map(([type, one]) => [nameOf(type), one] as const);
const schemas = {
  ...serverMessages,
  ...clientMessages,
  ...Object.fromEntries(renamed({ ...galleryServerMessages, ...galleryClientMessages }, ofGallery)),
  ...Object.fromEntries(renamed({ ...feedClientMessages, ...feedServerMessages }, ofFeeds)),
  ...Object.fromEntries(renamed({ ...consoleClientMessages, ...consoleServerMessages }, ofConsole)),
};
const examples = [
  ...Object.entries(described),
  ...renamed(describedInGallery, ofGallery),
  ...renamed(describedInFeeds, ofFeeds),
  ...renamed(describedInConsole, ofConsole),
].map(([type, { example }]) => [type, example as Json] as const);
const valueAt = (path: string) => path.split('/').reduce<Json | undefined>((at, key) => at?.[key], document);

/** What an example must be by the document alone. */
function validatorOf(type: string) {
  const ajv = new Ajv(LENIENT).addSchema(document, 'document');
  return ajv.getSchema(`document#/components/schemas/${type}`)!;
}

test('is AsyncAPI 3 by the official schema, which refuses what is not', () => {
  const isValid = new Ajv(LENIENT).compile(official);
  expect([isValid(document), isValid.errors]).toEqual([true, null]);
  expect(isValid({ ...document, channels: { websocket: { address: 1 } } })).toBe(false);
});

test('every reference leads to something', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
  expect(references.length).toBeGreaterThan(100);
  expect(references.filter((path) => valueAt(path) === undefined)).toEqual([]);
});

test('has every message, each in the direction in which it is sent', () => {
  const { operations, components } = document;
  const named = ({ messages }: Json) => messages.map(({ $ref }: Json) => $ref.split('/').at(-1));
  const fromClient = Object.values<Json>(operations).filter(({ action }) => action === 'receive');
  const inGallery = Object.keys(galleryServerMessages).map(ofGallery);
  expect(Object.keys(components.messages).sort()).toEqual(Object.keys(schemas).sort());
  for (const channel of ['websocket', 'socketio', 'sse']) {
    expect(named(operations[`${channel}.listen`])).toEqual(Object.keys(serverMessages));
  }
  for (const channel of ['gallery_websocket', 'gallery_socketio']) {
    expect(named(operations[`${channel}.listen`])).toEqual(inGallery);
  }
  for (const channel of ['feeds_websocket', 'feeds_socketio']) {
    expect(named(operations[`${channel}.listen`])).toEqual(Object.keys(feedServerMessages).map(ofFeeds));
  }
  const inConsole = Object.keys(consoleServerMessages).map(ofConsole);
  expect(named(operations['console_socketio.listen'])).toEqual(inConsole);
  expect([...new Set(fromClient.flatMap(named))]).toEqual([
    ...Object.keys(clientMessages),
    'gallery.PING',
    ...Object.keys(feedClientMessages).map(ofFeeds),
    ...Object.keys(consoleClientMessages).map(ofConsole),
  ]);
});

test('has the payload of every event that a session records, and every close code', () => {
  const types = [...catalog.events.values()].filter(({ stream }) => stream.kind === 'session').map(({ type }) => type);
  const payloads = Object.keys(document.components.schemas).filter((name) => name.endsWith('.payload'));
  expect(payloads.sort()).toEqual(types.map((type) => `${type}.payload`).sort());
  expect(document['x-close-codes'].map(({ code }: Json) => code)).toEqual(Object.values(CLOSE));
});

describe.each(examples)('the example of %s', (type, example) => {
  test('is what our own schemas take', () => {
    const schema = schemas[type as keyof typeof schemas];
    expect(schema.safeParse(example)).toMatchObject({ success: true });
  });

  test('is what the document says, and is not without one of its fields', () => {
    const isValid = validatorOf(type);
    expect([isValid(example), isValid.errors]).toEqual([true, null]);
    expect(Object.keys(example).filter((field) => isValid({ ...example, [field]: undefined }))).toEqual([]);
  });
});

test('the event among the examples has the hashes that it says', () => {
  expect(faultOfExported(described.EVENT.example)).toBeUndefined();
});

test('an event has the payload of its own type, or that of a type of your own', () => {
  const isValid = validatorOf('EVENT');
  const { example } = described.EVENT;
  expect(isValid({ ...example, payload: { why: 1 } })).toBe(false);
  expect(isValid({ ...example, event_type: 'TURN_STARTED' })).toBe(false);
  expect(isValid({ ...example, event_type: 'NOTE', payload: { why: 1 } })).toBe(true);
  expect(isValid({ ...example, payload: null, payload_salt: null, erased: true })).toBe(true);
});
