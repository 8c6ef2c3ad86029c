/**
 * bull-board over our queues, read-only. All that its interface answers is redacted as the logs are; a job shows where
 * to ask for each of its commands, and a dead letter how to redrive it. The page loads nothing from elsewhere.
 */
import type { Queue } from 'bullmq';
import type { Express, RequestHandler } from 'express';
import type { Doorbell } from '../../infra/queue/queue.ts';
import type { Redact } from '../../infra/telemetry/redaction.ts';
import { commandUrl } from '../commands/answers.ts';

const DEAD_LETTERS = 'dead-letters';
const DESCRIPTIONS: { [queue: string]: string } = {
  commands: 'Doorbells. Each names the commands that one flush of the inbox accepted. Delayed: the deadlines of turns.',
  [DEAD_LETTERS]: 'Commands set aside after their last attempt. The data of each says how to redrive it.',
};
const UI = {
  boardTitle: 'Plearoll jobs',
  hideRedisDetails: true,
  hideDocsLink: true,
  showWorkers: false,
  miscLinks: [{ text: 'Sign out', url: '/jobs/logout' }],
};
const FOREIGN_LINKS = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

type Data = Partial<Doorbell> & { [name: string]: unknown };
type Render = (path: string, options: object, done: (error: unknown, html?: string) => void) => void;

/** Loaded when somebody first looks: it weighs several megabytes. */
export async function openBoard(queues: Queue[], path: string, redact: Redact): Promise<RequestHandler> {
  const { createBullBoard } = await import('@bull-board/api');
  const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
  const { ExpressAdapter } = await import('@bull-board/express');
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(path);
  const adapters = queues.map((queue) => {
    const adapter = new BullMQAdapter(queue, {
      readOnlyMode: true,
      description: DESCRIPTIONS[queue.name] ?? '',
      // Typed as if every job had one.
      externalJobUrl: ({ data }) => linkOf(data as Data) as { href: string },
    });
    adapter.setFormatter('data', (data) => withDirections(queue.name, data as Data));
    return adapter;
  });
  const handlerHooks = {
    after: (_context: unknown, result: { body?: unknown }) => ({
      ...result,
      body: withDescriptions(redact(result.body)),
    }),
  };
  createBullBoard({ queues: adapters, serverAdapter, options: { uiConfig: UI, handlerHooks } });
  const board = serverAdapter.getRouter() as Express;
  loadNothingForeign(board);
  return board;
}

/** What stands under `description` is free text, but for what we say of the queues ourselves. */
function withDescriptions(redacted: unknown): object {
  const shown = redacted as { queues?: { name: string; description: string }[] };
  for (const queue of shown?.queues ?? []) queue.description = DESCRIPTIONS[queue.name] ?? '';
  return shown;
}

function linkOf({ commands }: Data): { displayText: string; href: string } | undefined {
  const [first] = commands ?? [];
  return first && { displayText: first.name, href: commandUrl(first.id) };
}

/** On top, where it is seen at once, what to do about each command. The lines for the shell need no quotes. */
function withDirections(queue: string, data: Data): object {
  const urls = data?.commands?.map(({ id }) => commandUrl(id));
  if (!urls) return data;
  if (queue !== DEAD_LETTERS) return { urls, ...data };
  return { redrive: urls.map((url) => `curl -X POST --oauth2-bearer $TOKEN $API${url}/redrive`), urls, ...data };
}

/** The page asks another host for a font; without it, it has the browser's own. */
function loadNothingForeign(board: Express): void {
  const { '.ejs': render } = (board as unknown as { engines: { [extension: string]: Render } }).engines;
  board.engine('ejs', (path, options, done) => {
    render!(path, options, (error, html) => done(error, html?.replace(FOREIGN_LINKS, '')));
  });
}
