/** `/api/openapi.json` and a page to read it at `/api/docs`. Everything comes from this server, scripts included. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type Response, Router } from 'express';
import { openApiDocument } from './openapi.ts';

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

// The page styles its elements by attribute; scripts are files of our own.
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'";

export function docsRoutes(version: string): Router {
  const router = Router();
  const document = JSON.stringify(openApiDocument(version));
  const policed = (res: Response) => res.set('Content-Security-Policy', POLICY);
  router.get('/api/openapi.json', (_req, res) => void res.type('application/json').send(document));
  router.get('/api/docs', (_req, res) => void policed(res).type('html').send(PAGE));
  router.get('/api/docs/page.js', (_req, res) => void res.type('text/javascript').send(SCRIPT));
  for (const file of FILES) router.get(`/api/docs/${file}`, (_req, res) => res.sendFile(file, { root: ASSETS }));
  return router;
}
