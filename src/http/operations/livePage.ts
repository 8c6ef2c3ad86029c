/** `/live`: a first page to follow a session with, examples/live.html, another as a board, and the client that they and other pages load. */
import { Router } from 'express';
import { policyOf, readOwn } from './ownFiles.ts';
import { serveFixed } from './serveFixed.ts';

const PAGES = { '/live': 'examples/live.html', '/examples/scoreboard.html': 'examples/scoreboard.html' };
const CLIENT = 'dist/client/client.js';

export function livePageRoutes(): Router {
  const router = Router();
  for (const [path, page] of Object.entries(PAGES)) {
    router.get(
      path,
      serveFixed('html', () => readOwn(page), policyOf),
    );
  }
  router.get(
    '/live/client.js',
    serveFixed('js', () => readOwn(CLIENT)),
  );
  return router;
}
