/**
 * `/api/openapi.json` with a page to read it at `/api/docs`, `/api/asyncapi.json` of the live protocol, and `/api/events.json` of what events hold. Everything comes from
 * this server, scripts included.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Router } from 'express';
import { asyncApiDocument } from './asyncapi.ts';
import { openApiDocument } from './openapi.ts';
import { eventsDocument } from './schemas.ts';
import { serveFixed } from './serveFixed.ts';

const ASSETS = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plearoll API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" href="/api/docs/favicon-32x32.png">
</head>
<body>
<div id="page"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/page.js"></script>
</body>
</html>
`;

const SCRIPT = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#page', deepLinking: true, docExpansion: 'list',
  defaultModelsExpandDepth: -1, validatorUrl: null });
`;

export function docsRoutes(version: string, public_url?: string): Router {
  const router = Router();
  // Made when first asked for: together they take as long as all else that a loaded API does to be ready, and few are ever asked.
  for (const [path, documentOf] of Object.entries({
    '/api/openapi.json': () => openApiDocument(version, public_url),
    '/api/asyncapi.json': () => asyncApiDocument(version),
    '/api/events.json': () => eventsDocument(version),
  })) {
    router.get(
      path,
      serveFixed('json', async () => JSON.stringify(documentOf())),
    );
  }
  router.get(
    '/api/docs',
    serveFixed('html', async () => PAGE),
  );
  router.get(
    '/api/docs/page.js',
    serveFixed('js', async () => SCRIPT),
  );
  for (const file of FILES) {
    router.get(
      `/api/docs/${file}`,
      serveFixed(file, () => readFile(join(ASSETS, file))),
    );
  }
  return router;
}
