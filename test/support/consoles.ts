/** A console as its person has it: connected, and what it was told, each message held to its schema. */
import { io, type Socket } from 'socket.io-client';
import { expect, onTestFinished } from 'vitest';
import { quietly, type ToldConsole, tellConsole } from '../../src/infra/console/tellConsole.ts';
import type { Json, Person } from './client.ts';
import { checkFrame } from './liveFrames.ts';
import type { Stack } from './stack.ts';

export interface Console {
  socket: Socket;
  messages: Json[];
  /** Of those with more than a greeting: their types. */
  heard(): string[];
  until(type: string, nth?: number): Promise<Json>;
  say(type: string, more?: object): void;
  /** Why it was disconnected. */
  ended: Promise<string>;
}

/** Our sockets name no browser, requests do: to whom notices are for they are two devices. */
const isOfDevice = ({ type, kind }: Json) => type === 'notification' && kind === 'device';

/** As a process of the stack tells them. */
export const tellFrom = ({ backbones }: Stack, told: ToldConsole) =>
  tellConsole(quietly(backbones[0]!.broadcast), told);

/** What answers what a console asks for. */
const GREETINGS = ['connection_response', 'room_joined', 'subscribed', 'network_topology_update', 'pong'];

export function connectConsole(url: string, auth: object): Socket {
  const socket = io(`${url}/console`, { forceNew: true, reconnection: false, auth });
  onTestFinished(() => void socket.close());
  return socket;
}

export async function openConsole(url: string, { token }: Pick<Person, 'token'>): Promise<Console> {
  const socket = connectConsole(url, { token });
  const messages: Json[] = [];
  socket.onAny((event, message) => {
    expect(event).toBe(message.type);
    checkFrame(message, '/console');
    if (!isOfDevice(message)) messages.push(message);
  });
  const ended = new Promise<string>((resolve) => socket.on('disconnect', resolve));
  const until = async (type: string, nth = 1): Promise<Json> => {
    const found = () => messages.filter((message) => message.type === type);
    await expect.poll(() => found().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(nth);
    return found()[nth - 1]!;
  };
  await until('connection_response');
  const heard = () => messages.map(({ type }) => type).filter((type) => !GREETINGS.includes(type));
  return { socket, messages, heard, until, ended, say: (type, more = {}) => socket.emit(type, more) };
}
