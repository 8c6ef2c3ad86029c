/**
 * `plearoll witness`: cosigns the checkpoints of a log, on a machine of somebody else than the log's, until it is told to stop. It
 * needs no database.
 */
import { once } from 'node:events';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { isKeyName, type NoteKey, parseVkey, vkeyOf } from '../core/proof/keys.ts';
import { addressOf, closeServer, listen } from '../infra/process/httpServer.ts';
import { defineSubcommand, UsageError } from '../infra/process/subcommand.ts';
import { createWitness, prepareWitness } from '../infra/witness/witness.ts';
import { createWitnessServer } from '../infra/witness/witnessServer.ts';

const USUAL_PORT = 9470;

export const witness = defineSubcommand({
  name: 'witness',
  summary: 'Cosigns the checkpoints of a log that grows, refuses those of one that was rewritten, and keeps the proof.',
  options: {
    log: {
      type: 'string',
      value: '<vkey>',
      isRepeated: true,
      help: "the log's verifier key; once more for each key that it took since",
    },
    state: { type: 'string', value: '<file>', help: 'the file of what was cosigned last; it is not to be lost' },
    key: { type: 'string', value: '<file>', help: 'the file of its own key, made at the first start (<state>.key)' },
    name: { type: 'string', value: '<name>', help: 'name of a key that is made (witness/<host name>)' },
    host: { type: 'string', value: '<address>', default: '127.0.0.1', help: 'address that it listens on' },
    port: { type: 'string', value: '<port>', help: `port that it listens on (${USUAL_PORT}, or a free one)` },
  },
  notes: 'The log names it in WITNESSES: the vkey that this prints, a space, and the address.',
  exits: { 0: 'stopped', 1: 'not started', 3: 'usage' },
  async run(given, _, { out, err, signal }) {
    const { logKeys, stateFile, keyFile, name, port } = readGiven(given);
    const warn = (text: string) => err.write(`${new Date().toISOString()} ${text}\n`);
    try {
      const key = await prepareWitness(logKeys[0]!.name, stateFile, keyFile, name);
      const tools = { logKeys, key, stateFile, now: Date.now, warn };
      const server = createWitnessServer(createWitness(tools), (error) => warn(`not answered: ${error.message}`));
      const listening = await listen(server, given.host, port, USUAL_PORT);
      out.write(`${vkeyOf(key)}\nready ${addressOf(given.host, listening)}\n`);
      if (!signal.aborted) await once(signal, 'abort');
      await closeServer(server);
      return 0;
    } catch (error) {
      err.write(`Not started: ${(error as Error).message}\n`);
      return 1;
    }
  },
});

interface Given {
  log: string[];
  state: string | undefined;
  key: string | undefined;
  name: string | undefined;
  port: string | undefined;
}

/** @throws {UsageError} */
function readGiven({ log, state, key, name = `witness/${hostname()}`, port }: Given) {
  if (log.length === 0) throw new UsageError('--log is needed: whose checkpoints it cosigns');
  const logKeys = log.map(logKeyOf);
  if (logKeys.some((one) => one.name !== logKeys[0]!.name))
    throw new UsageError('--log: these are keys of several logs');
  if (state === undefined) throw new UsageError('--state is needed: the file of what it cosigned last');
  if (!isKeyName(name)) throw new UsageError(`--name: ${name} is no name of a key`);
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError(`--port: ${port} is no port`);
  const stateFile = resolve(state);
  const keyFile = resolve(key ?? `${state}.key`);
  return { logKeys, stateFile, keyFile, name, port: port === undefined ? undefined : Number(port) };
}

/** @throws {UsageError} */
function logKeyOf(vkey: string): NoteKey {
  const key = parseVkey(vkey);
  if (key?.algorithm !== 'ed25519') throw new UsageError(`--log: ${vkey} is no verifier key of a log`);
  return key;
}
