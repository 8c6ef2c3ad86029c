/** Listeners of a gallery that take nothing of what they are told, and such as flood it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { createInProcessResumption } from '../../src/infra/resumption/inProcess.ts';
import { RESUMPTION } from '../../src/infra/resumption/resumption.ts';
import { openGalleryReception } from '../../src/relay/gallery/galleryReception.ts';
import { readGalleryScopes } from '../../src/relay/gallery/galleryScope.ts';
import { ANYBODY } from '../../src/relay/listeners/admission.ts';
import { createResumeTickets } from '../../src/relay/listeners/resumeTickets.ts';
import { type Cast, cast, type Json, must, openSession, person, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { closeCodeOf, flood, frame, frames, OPCODE } from '../support/flood.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const MOST_BEHIND = 2;

describe.skipIf(isLeftOut)('listeners of a gallery', () => {
  let stack: Stack;
  let people: Cast;
  let place: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack({ WS_MAX_QUEUE: `${MOST_BEHIND}` });
    people = cast();
    const opened = await openSession(stack.url, people, { visibility: 'public', start: false, gallery: 'always' });
    const after = { gallery_moderation: 'after' };
    await must(post(stack.url, `/api/assignment/${opened.assignment_id}/update`, people.admin, after));
    place = opened;
  });
  afterAll(() => stack?.stop());

  /** By a new person each time: between two posts of one lies a minute. */
  const say = (text: string) => {
    const author = person('participant', { institution_id: people.institution_id });
    return must(post(stack.url, `${place.path}/gallery/post`, author, { text, category: 'question' }));
  };

  /** The galleries' part of a relay, with connections of the test's own making. */
  function openReception() {
    const { databaseUrl, broadcast, config, metrics, log } = stack.backbones[0]!;
    const pool = openPool(databaseUrl, 'relay', 2, () => {});
    const resumeTickets = createResumeTickets({ db: pool, resumption: createInProcessResumption(RESUMPTION), log });
    const { listeners, close } = openGalleryReception({
      ...{
        db: pool,
        shared: 'a secret',
        logins: { see: () => {} },
        bad_signatures: { note: () => {} },
        guard: (admit) => admit,
        resumeTickets,
        broadcast,
        config,
        metrics,
        log,
      },
      tokens: { isRevoked: () => false, onRevoked: () => {} } as never,
      ...{ isLetIn: () => true, demandRoom: async () => {} },
    });
    async function enter() {
      const { session_id } = place;
      const scope = (await readGalleryScopes(pool, [session_id])).get(session_id)!;
      const told: Json[] = [];
      const closedWith: number[] = [];
      let takes = true;
      const admitted = { connection_id: 'c', address: '192.0.2.1', session_id, last_sequence: undefined };
      listeners.enter(
        'websocket',
        { ...admitted, seat: false, resumed: false, identity: ANYBODY, guest: undefined, scope },
        {
          write({ messages }) {
            told.push(...messages.map(({ text }) => JSON.parse(text)));
            return takes;
          },
          close: (code) => void closedWith.push(code),
          isOpen: () => closedWith.length === 0,
        },
      );
      await until('it is welcome', () => told.some(({ type }) => type === 'WELCOME'));
      const stall = () => {
        takes = false;
      };
      return { told, closedWith, stall };
    }
    return {
      enter,
      async close() {
        close();
        resumeTickets.close();
        await pool.end();
      },
    };
  }

  test('are sent away with 4408 where they take nothing, told to come back, and others hear on', async () => {
    const reception = openReception();
    try {
      const [slow, quick] = [await reception.enter(), await reception.enter()];
      await say('Level?');
      const seen = (told: Json[]) => told.filter(({ type }) => type === 'MESSAGE').length;
      await until('both are level', () => seen(slow.told) === 1 && seen(quick.told) === 1);
      slow.stall();
      // One is under way, and so many may wait.
      for (let n = 0; n < MOST_BEHIND + 2; n += 1) await say(`And clause ${n}?`);
      await until('it is ended', () => slow.closedWith.length > 0);
      expect(slow.closedWith).toEqual([4408]);
      expect(slow.told.at(-1)).toMatchObject({ type: 'ERROR', code: 'unavailable' });
      await until('the other has heard all', () => seen(quick.told) === MOST_BEHIND + 3);
      expect(quick.closedWith).toEqual([]);
    } finally {
      await reception.close();
    }
  });

  const sockets = {
    websocket: { path: () => `/gallery/ws/${place.session_id}`, welcome: 'WELCOME', ping: '{"type":"PING"}' },
    'socket.io': {
      ...{ path: () => '/socket.io/?EIO=4&transport=websocket', welcome: '40/gallery,' },
      ping: '42/gallery,["PING"]',
    },
  };

  test.each(someOf(['websocket', 'socket.io'] as const))(
    'that flood on %s are closed with 4429, and others hear on',
    async (transport) => {
      const { path, welcome, ping } = sockets[transport];
      const other = await listenOnWebSocket(stack.relayUrl, {
        ...{ token: null, session_id: place.session_id, namespace: '/gallery' },
      });
      const flooded = flood({
        ...{ url: stack.relayUrl, path: path(), welcome, sockets: 2, reads: true, ms: 60_000 },
        ...(transport === 'socket.io' && {
          opening: frame(`40/gallery,${JSON.stringify({ session_id: place.session_id })}`),
        }),
        chunk: frames(400, ping),
      });
      const { result } = await say('Is anybody there?');
      await other.until(({ type, id }) => type === 'MESSAGE' && id === result.id);
      const { ended, frames: said } = await flooded;
      expect(ended).toBe(2);
      for (const one of said) {
        if (transport === 'websocket') expect(closeCodeOf(one)).toBe(4429);
        const texts = one.filter(({ opcode }) => opcode === OPCODE.text).map(({ payload }) => String(payload));
        expect(texts.some((text) => text.includes('message_rate'))).toBe(true);
      }
      other.close();
    },
  );

  test('leave a record that verifies', () => expectIntact(stack.url, place.session_id, people.admin));
});
