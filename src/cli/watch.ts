/**
 * `plearoll watch <url> <session>`: a session live in a terminal, each event with the mark that its hash and its link were
 * verified here. Ends with 0 on Ctrl-C and after the session's last event, with 1 where the chain breaks, with 2 on wrong
 * usage, with 3 where the server refuses.
 */
import { ChainBroken, type Client, type ConnectOptions, connect, Refused, type SessionEvent } from '../client/node.ts';
import { defineSubcommand, type Terminal, UsageError } from '../infra/process/subcommand.ts';

const text = { type: 'string' } as const;

export const watch = defineSubcommand({
  name: 'watch',
  summary: 'Follows a session live, each event with the mark that its hash and its link were verified here.',
  takes: ['<url>', '<session>'],
  options: {
    token: { ...text, value: 'T', help: 'better given as PLEAROLL_TOKEN: others on this machine can read arguments' },
    api: { ...text, value: '<url>', help: "the API's address where it is another than the relay's" },
    from: { ...text, value: '<sequence>', default: '0', help: 'what was seen already' },
    json: { type: 'boolean', help: 'a line of JSON for each event' },
  },
  notes: '<url> is that of the relay, such as http://127.0.0.1:3000.',
  exits: { 0: 'Ctrl-C, or the session is over', 1: 'the chain breaks', 2: 'usage', 3: 'the server refuses' },
  async run({ json, ...given }, [url, session], terminal) {
    return follow(openClient(url!, session!, given, terminal.env), json, terminal);
  },
});

/** @returns what the process is to exit with */
async function follow(client: Client, isJson: boolean, { env, out, err, signal }: Terminal): Promise<number> {
  const show = isJson ? asJson : asText(out.isTTY === true && env.NO_COLOR === undefined);
  signal.addEventListener('abort', client.close);
  // Where nobody reads any more there is nothing more to show.
  out.on('error', client.close);
  client.on('state', (state) => {
    if (isJson) out.write(`${JSON.stringify({ type: 'STATE', state })}\n`);
    else err.write(`${state}\n`);
  });
  try {
    for await (const event of client.events()) {
      if (!out.write(`${show.event(event)}\n`)) await whenWritten(out, signal);
      if (event.event_type === 'SESSION_COMPLETED') break;
    }
    return 0;
  } catch (error) {
    if (error instanceof ChainBroken) out.write(`${show.broken(error)}\n`);
    else if (error instanceof Refused) out.write(`${show.refused(error)}\n`);
    else throw error;
    return error instanceof ChainBroken ? 1 : 3;
  } finally {
    client.close();
  }
}

/** Or when there is no more use in waiting. */
function whenWritten(out: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    for (const name of ['drain', 'error', 'close']) out.once(name, resolve);
    signal.addEventListener('abort', () => resolve());
  });
}

/** @throws {UsageError} */
function openClient(
  url: string,
  session: string,
  given: { token: string | undefined; api: string | undefined; from: string },
  env: Terminal['env'],
): Client {
  if (!/^\d{1,15}$/.test(given.from)) throw new UsageError(`--from: ${given.from} is no sequence`);
  const token = given.token ?? env.PLEAROLL_TOKEN;
  const options: ConnectOptions = {
    url,
    session,
    from: Number(given.from),
    // A terminal that watches is nobody in the room.
    seat: false,
    ...(token && { token }),
    ...(given.api !== undefined && { api: given.api }),
  };
  try {
    return connect(options);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

interface Show {
  event(event: SessionEvent): string;
  broken(fault: ChainBroken): string;
  refused(refusal: Refused): string;
}

const asJson: Show = {
  event: (event) => JSON.stringify({ type: 'EVENT', verified: true, ...event }),
  broken: ({ code, event_sequence, expected, got }) =>
    JSON.stringify({ type: 'BROKEN', verified: false, code, event_sequence, expected, got }),
  refused: ({ code, message }) => JSON.stringify({ type: 'ERROR', code, detail: message }),
};

/** Only what has a fixed form is shown: a payload may hold what a terminal obeys. */
function asText(hasColours: boolean): Show {
  const colour = (code: number, text: string) => (hasColours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    event({ event_sequence, occurred_at, event_type, actor_id, event_hash }) {
      const columns = [String(event_sequence).padStart(5), occurred_at, event_type.padEnd(24), actor_id.padEnd(36)];
      return `${colour(32, '✓')} ${columns.join('  ')}  ${colour(2, `${event_hash.slice(0, 16)}…`)}`;
    },
    broken: ({ code, event_sequence }) =>
      `${colour(31, '✗')} ${String(event_sequence).padStart(5)}  the chain is broken here (${code}): nothing from this event on is shown`,
    refused: ({ code, message }) => `${colour(31, '✗')} refused (${code}): ${printable(message)}`,
  };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
