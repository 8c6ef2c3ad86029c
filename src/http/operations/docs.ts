/**
 * `/api/openapi.json` with a page to read it at `/api/docs`, and `/api/asyncapi.json` of the live protocol. Everything comes from
 * this server, scripts included.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type RequestHandler, Router } from 'express';
import { sha256 } from '../../core/chain/sha256.ts';
import { isKnown } from '../door/preferences.ts';
import { asyncApiDocument } from './asyncapi.ts';
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
  for (const [path, document] of Object.entries({
    '/api/openapi.json': JSON.stringify(openApiDocument(version)),
    '/api/asyncapi.json': JSON.stringify(asyncApiDocument(version)),
  })) {
    router.get(
      path,
      serve('json', async () => document),
    );
  }
  router.get(
    '/api/docs',
    serve('html', async () => PAGE),
  );
  router.get(
    '/api/docs/page.js',
    serve('js', async () => SCRIPT),
  );
  for (const file of FILES) {
    router.get(
      `/api/docs/${file}`,
      serve(file, () => readFile(join(ASSETS, file))),
    );
  }
  return router;
}

/** Made once, and the same bytes for everybody: nothing of it is copied, however many ask at once. */
function serve(type: string, make: () => Promise<string | Buffer>): RequestHandler {
  let made: Promise<{ bytes: Buffer; version: string }> | undefined;

  async function prepare() {
    const bytes = Buffer.from(await make());
    return { bytes, version: `"${sha256(bytes).slice(0, 32)}"` };
  }

  return async (req, res) => {
    made ??= prepare();
    const { bytes, version } = await made;
    res.set({ ETag: version, 'Cache-Control': 'no-cache', 'Content-Security-Policy': POLICY });
    if (isKnown(req, version)) res.status(304).end();
    else
      res
        .type(type)
        .set('Content-Length', String(bytes.length))
        .end(req.method === 'HEAD' ? undefined : bytes);
  };
}
