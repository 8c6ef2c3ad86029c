/**
 * Preloaded into a process that announces messages: when each was handed to Redis, by its id, a line for each. What is
 * measured knows nothing of it.
 */
import { createWriteStream } from 'node:fs';
import { Redis } from 'ioredis';
import { machineNow } from './clock.ts';

interface Command {
  name: string;
  args: readonly (string | Buffer)[];
}
type Send = (command: Command, ...rest: unknown[]) => unknown;

const MESSAGE_ID = /"message_id":"([0-9a-f-]{36})"|\bid.{1,3}([0-9a-f]{8}-[0-9a-f-]{27})/g;

const lines = createWriteStream(process.env.BENCH_ANNOUNCED_FILE!, { flags: 'a' });
const prototype = Redis.prototype as unknown as { sendCommand: Send };
const { sendCommand } = prototype;

prototype.sendCommand = function (command, ...rest) {
  if (/^s?publish$/i.test(command.name)) note(command);
  return sendCommand.call(this, command, ...rest);
};

function note({ args: [, message] }: Command): void {
  const text = Buffer.from(message as string).toString('latin1');
  for (const [, ours, peers] of text.matchAll(MESSAGE_ID)) lines.write(`${ours ?? peers} ${machineNow()}\n`);
}
