/**
 * `GET /api/session/<id>/bundle`: a session's record for a stranger, written as it is read (docs/bundle.md). The session as it
 * stands at the beginning says where the events end. No transaction stays open while a slow client takes it.
 */
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { findSession } from '../../court/sessions/readSession.ts';
import { sessionStreamName } from '../../court/sessions/session.ts';
import { type ZipEntry, zipped } from '../../infra/zipWriter.ts';
import { withoutToken } from '../door/authentication.ts';
import { type ApiContext, anonymousReader, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { type BundledRecord, envelopeLines, filesOf, payloadLines } from './bundleLines.ts';
import { findSeal, proofText, type Read } from './bundleProof.ts';
import { BUNDLE_README } from './bundleReadme.ts';

export const readBundle = defineRoute({
  name: 'session.bundle',
  route: 'GET /api/session/:session_id/bundle',
  summary:
    'The record of a session as a zip that anybody can check without this server; without a token it has no files',
  roles: 'anyone',
  media_type: 'application/zip',
  rejects: [],
  serve: serveBundle,
});

function serveBundle(context: ApiContext): Serve {
  async function answer(req: Request, res: Response, actor: Actor): Promise<void> {
    const session_id = String(req.params.session_id).toLowerCase();
    await context.scopes.demand({ kind: 'session', id: session_id }, actor);
    const shares = actor.role === 'anonymous' ? context.anonymousBundles : context.bundles;
    await shares.run(actor, () => send(context, actor, session_id, req, res));
  }

  return async (req, res) => {
    const actor = await enter(context, req, res, readBundle);
    await (actor ? answer(req, res, actor) : withoutToken(() => answer(req, res, anonymousReader(req))));
  };
}

async function send(context: ApiContext, actor: Actor, session_id: string, req: Request, res: Response): Promise<void> {
  const session = await context.reading.inScope(actor, session_id, (db) => findSession(db, session_id));
  // The scope that was kept at the door was one of before.
  if (!session) throw new Problem('not_found');
  res.set({
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename="session-${session_id}.zip"`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  await pipeline(zipped(entriesOf(context, actor, session)), res).catch((error: { code?: string }) => {
    // The client has hung up.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    // Part of it is out: it ends short, and nobody takes that for a bundle.
    context.log.error({ err: error, session_id }, 'bundle broke off');
    res.destroy();
  });
}

type Session = NonNullable<Awaited<ReturnType<typeof findSession>>>;

async function* entriesOf(context: ApiContext, actor: Actor, session: Session): AsyncGenerator<ZipEntry> {
  const session_id = String(session.id);
  const last = Number(session.head.event_sequence);
  const record: BundledRecord = { context, actor, session_id, last, erasing: [] };
  yield { name: 'README.txt', pieces: piece(BUNDLE_README) };
  yield { name: 'session.json', pieces: piece(JSON.stringify(session)) };
  yield { name: 'events.ndjson', pieces: envelopeLines(record) };
  yield { name: 'payloads.ndjson', pieces: payloadLines(record) };
  const read: Read = (some) => context.reading.inScope(actor, session_id, some);
  const seal = await read((db) => findSeal(db, sessionStreamName(session_id), last, record.erasing));
  if (seal) {
    yield { name: 'proof.json', pieces: bytesOf(proofText(read, seal)) };
    yield { name: 'checkpoint.note', pieces: piece(seal.note) };
    yield { name: 'vkeys.txt', pieces: piece(seal.vkeys.map((vkey) => `${vkey}\n`).join('')) };
  }
  if (actor.role === 'anonymous') return;
  for (const sha256 of await filesOf(record)) {
    const file = await context.blobs.open(sha256).catch(() => undefined);
    // A file that is lost is the verifier's to find.
    if (file) yield { name: `exhibits/${sha256}`, isStored: true, pieces: file };
  }
}

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function* bytesOf(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text);
}
