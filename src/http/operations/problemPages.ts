/** `/problem/<code>`: what a code means and what is refused with it, for people. A problem's `type` leads here where PUBLIC_URL is set. */
import { Router } from 'express';
import { Problem } from '../../core/definitions/problem.ts';
import { commands, problems } from '../../modules.ts';
import { routes } from '../routes.ts';
import { policyOf } from './ownFiles.ts';
import { serveFixed } from './serveFixed.ts';

const ADVICE: Readonly<Record<number, string>> = {
  400: 'The request cannot be read: what is wrong with it stands in <code>detail</code>. Sent again as it is it will be refused again.',
  401: 'Send a token that is good: <code>Authorization: Bearer ...</code>. What is not public and what does not exist are answered like this without one.',
  403: 'The token is good, and this is not for its bearer to do.',
  404: 'It does not exist, or is not for the bearer of this token to see: the answer is the same.',
  405: 'The header <code>Allow</code> names the methods that there are.',
  409: 'The rules do not allow it as things stand; <code>detail</code> says why. Nothing was recorded.',
  412: 'Somebody else was first: look again, and send it with the new sequence in <code>If-Match</code> where it still makes sense.',
  413: 'Send less.',
  415: 'Send another <code>Content-Type</code>, or another file.',
  422: '<code>errors</code> names each fault with its place in what was sent.',
  429: 'Come back after <code>Retry-After</code> seconds; <code>limit</code> says which limit it was.',
  500: 'The fault is ours. Tell the operator the <code>request_id</code>.',
  503: 'Nothing was accepted. Come back after <code>Retry-After</code> seconds.',
};

export function problemPageRoutes(): Router {
  const router = Router();
  for (const code of Object.keys(problems)) {
    router.get(
      `/problem/${code}`,
      serveFixed('html', async () => pageOf(code), policyOf),
    );
  }
  router.get('/problem/:code', () => {
    throw new Problem('not_found', 'No problem has this code.');
  });
  return router;
}

function pageOf(code: string): string {
  const [status, title] = problems[code]!;
  const met = [...commands, ...routes]
    .filter(({ rejects }) => (rejects as readonly string[]).includes(code))
    .map(({ route, summary }) => `<li><code>${route}</code>: ${summary}</li>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${code} - Plearoll</title>
<link rel="icon" href="data:,">
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; } main { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p><code>${code}</code>, answered with ${status}.</p>
<p>${ADVICE[status] ?? ''}</p>
${met.length > 0 ? `<p>What may be refused with it:</p>\n<ul>\n${met.join('\n')}\n</ul>` : '<p>Any request may be refused with it.</p>'}
</main>
</body>
</html>
`;
}
