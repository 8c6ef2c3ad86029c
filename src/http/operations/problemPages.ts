/**
 * `/problem/<code>`: what a code means, what to do, and what is refused with it, for people; `/problem` lists them. All of
 * it from the codes' definitions. A problem's `type` leads here where PUBLIC_URL is set.
 */
import { Router } from 'express';
import { Problem } from '../../core/definitions/problem.ts';
import { commands, problems } from '../../modules.ts';
import { routes } from '../routes.ts';
import { policyOf } from './ownFiles.ts';
import { serveFixed } from './serveFixed.ts';

const served = (make: () => string) => serveFixed('html', async () => make(), policyOf);

export function problemPageRoutes(): Router {
  const router = Router();
  router.get('/problem', served(listOfCodes));
  for (const code of Object.keys(problems)) {
    router.get(
      `/problem/${code}`,
      served(() => pageOf(code)),
    );
  }
  router.get('/problem/:code', () => {
    throw new Problem('not_found', 'No problem has this code.');
  });
  return router;
}

function pageOf(code: string): string {
  const [status, title, meaning, remedy] = problems[code]!;
  const met = [...commands, ...routes]
    .filter(({ rejects }) => (rejects as readonly string[]).includes(code))
    .map(({ route, summary }) => `<li><code>${route}</code>: ${inHtml(summary)}</li>`);
  return page(
    title,
    `<p><code>${code}</code>, answered with ${status}.</p>
<p>${inHtml(meaning)}</p>
<p><strong>What to do:</strong> ${inHtml(remedy)}</p>
${met.length > 0 ? `<p>What may be refused with it:</p>\n<ul>\n${met.join('\n')}\n</ul>` : '<p>It is not of one route alone.</p>'}
<p><a href="../problem">All codes</a></p>`,
  );
}

function listOfCodes(): string {
  const codes = Object.entries(problems).sort(([one], [other]) => (one < other ? -1 : 1));
  const rows = codes.map(
    ([code, [status, title]]) =>
      `<li><a href="problem/${code}"><code>${code}</code></a>, ${status}: ${inHtml(title)}</li>`,
  );
  return page('What is refused, and why', `<ul>\n${rows.join('\n')}\n</ul>`);
}

/** Names of fields and routes stand in backticks. */
function inHtml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped.replaceAll(/`([^`]*)`/g, '<code>$1</code>');
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${inHtml(title)} - Plearoll</title>
<link rel="icon" href="data:,">
<style>:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; } main { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; } code { overflow-wrap: anywhere; }</style>
</head>
<body>
<main>
<h1>${inHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}
