/** socket.io has one namespace of ours; who goes to any other is told so in our words, and leaves nothing behind. */
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)(`namespaces, ${kind}`, () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });

  afterAll(() => stack.stop());

  test.each(['/', '/nowhere', '/live2', '/live/ws', `/${randomUUID()}`])(
    '%s is refused like any place that is none',
    async (name) => {
      const socket = io(stack.relayUrl + name, { forceNew: true, reconnection: false });
      try {
        const error = await new Promise<Error & { data?: unknown }>((resolve, reject) => {
          socket.on('connect_error', resolve);
          socket.on('connect', () => reject(new Error('connected')));
        });
        expect(error.data).toEqual({ code: 'not_found', status: 404 });
      } finally {
        socket.close();
      }
    },
  );
});
