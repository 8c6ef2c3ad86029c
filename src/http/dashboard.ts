/** bull-board at /jobs for super_admins, read-only: it looks at the queues, and nothing can be done to them there. */
import type { Queue } from 'bullmq';
import type { Request, RequestHandler } from 'express';
import { QUEUE_NAMES } from '../infra/queue.ts';
import { demandActor } from './authentication.ts';
import { type Desk, demandRole } from './door.ts';

const PATH = '/jobs';

export function dashboard(desk: Desk): RequestHandler {
  let board: Promise<RequestHandler> | undefined;
  return async (req, res, next) => {
    const actor = await demandActor(req as Request, desk.tokens);
    demandRole(actor, ['super_admin']);
    board ??= openBoard(QUEUE_NAMES.map((name) => desk.queues.queue(name)));
    (await board)(req, res, next);
  };
}

/** Loaded when somebody first looks: it weighs several megabytes. */
async function openBoard(queues: Queue[]): Promise<RequestHandler> {
  const { createBullBoard } = await import('@bull-board/api');
  const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
  const { ExpressAdapter } = await import('@bull-board/express');
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(PATH);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Plearoll jobs', hideRedisDetails: true, showWorkers: false } },
  });
  return serverAdapter.getRouter() as RequestHandler;
}
