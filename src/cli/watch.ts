/**
 * `plearoll watch <url> <session>`: a session live in a terminal, each event with the mark that its hash and its link were
 * verified here. Ends with 0 on Ctrl-C and after the session's last event, with 1 where the chain breaks, with 2 on wrong
 * usage, with 3 where the server refuses.
 */
import { parseArgs } from 'node:util';
import { ChainBroken, type Client, type ConnectOptions, connect, Refused, type SessionEvent } from '../client/node.ts';

const USAGE = `usage: plearoll watch <url> <session> [--token T] [--api <url>] [--from <sequence>] [--json]
  <url> of the relay, such as http://127.0.0.1:3000; the API's is --api where it is another one
  the token is better given as PLEAROLL_TOKEN: others on this machine can read the arguments of a process`;

export interface Terminal {
  env: { [name: string]: string | undefined };
  out: NodeJS.WritableStream & { isTTY?: boolean };
  err: NodeJS.WritableStream;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** @returns what the process is to exit with */
export async function watch(args: string[], { env, out, err, signal }: Terminal): Promise<number> {
  let plan: Plan;
  let client: Client;
  try {
    plan = readPlan(args, env);
    client = connect(plan.options);
  } catch (error) {
    err.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  const show = plan.isJson ? asJson : asText(out.isTTY === true && env.NO_COLOR === undefined);
  signal.addEventListener('abort', client.close);
  // Where nobody reads any more there is nothing more to show.
  out.on('error', client.close);
  client.on('state', (state) => {
    if (plan.isJson) out.write(`${JSON.stringify({ type: 'STATE', state })}\n`);
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

interface Plan {
  options: ConnectOptions;
  isJson: boolean;
}

function readPlan(args: string[], env: Terminal['env']): Plan {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { token: text, api: text, from: { ...text, default: '0' }, json: { type: 'boolean', default: false } },
  });
  const [url, session, ...more] = positionals;
  if (url === undefined || session === undefined || more.length > 0) throw new Error('a url and a session are needed');
  if (!/^\d{1,15}$/.test(values.from)) throw new Error(`--from: ${values.from} is no sequence`);
  const token = values.token ?? env.PLEAROLL_TOKEN;
  const options = {
    url,
    session,
    from: Number(values.from),
    // A terminal that watches is nobody in the room.
    seat: false,
    ...(token && { token }),
    ...(values.api !== undefined && { api: values.api }),
  };
  return { options, isJson: values.json };
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
