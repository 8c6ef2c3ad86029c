/**
 * `GET /privacy/export`: everything that is known of the sender and is not the court's record, as one JSON document that is
 * written as it is read. A page is a read of its own: no transaction stays open while a slow client takes it.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { type Actor, ROLES } from '../../core/definitions/actor.ts';
import { exportAnswer } from '../../privacy/exportAnswer.ts';
import { KEPT } from '../../privacy/kept.ts';
import { SECTIONS, type Section } from '../../privacy/sections.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { defineRoute, type Serve } from '../door/route.ts';

/** A batch of telemetry is at most 64 KiB: a page of them is a few megabytes at the very most. */
const PAGE = 100;

export const exportOwn = defineRoute({
  name: 'privacy.export',
  route: 'GET /privacy/export',
  summary: 'Everything that is known of you and is not the record; what the record keeps is said',
  roles: ROLES,
  answer: exportAnswer,
  rejects: [],
  serve: serveExport,
});

function serveExport(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, exportOwn))!;
    demandRole(actor, ROLES);
    await context.bundles.run(actor, async () => {
      // What cannot be read at all is a fault that is answered, before anything is out.
      const pieces = piecesOf(context, actor);
      const { value: first = '' } = await pieces.next();
      res.set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
      if (req.method === 'HEAD') res.end();
      else await write(context, res, first, pieces);
    });
  };
}

async function write(context: ApiContext, res: Response, first: string, rest: AsyncIterable<string>): Promise<void> {
  async function* all() {
    yield first;
    yield* rest;
  }
  await pipeline(Readable.from(all()), res).catch((error: { code?: string }) => {
    // The client has hung up.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    // Part of it is out: it ends short, and is no JSON.
    context.log.error({ err: error }, 'export broke off');
    res.destroy();
  });
}

async function* piecesOf(context: ApiContext, actor: Actor): AsyncGenerator<string, undefined> {
  let head = `{"user_id":${JSON.stringify(actor.id)},"kept":${JSON.stringify(KEPT)}`;
  for (const section of SECTIONS) {
    let separator = `${head},"${section.name}":[`;
    for await (const items of pagesOf(context, actor, section)) {
      const text = items.map((item) => JSON.stringify(item)).join(',');
      if (text !== '') yield separator + text;
      if (text !== '') separator = ',';
    }
    head = separator === ',' ? ']' : `${separator}]`;
  }
  yield `${head}}`;
}

interface Row {
  at: string;
  key: string;
}

async function* pagesOf({ reading }: ApiContext, actor: Actor, section: Section): AsyncGenerator<object[]> {
  const { name, text, institutionOf } = section;
  const scope = institutionOf ? [institutionOf(actor)] : [];
  for (let last: Row | undefined; ; ) {
    const values = [actor.id, last?.at ?? null, last?.key ?? null, PAGE, ...scope];
    const statement = { name: `export-${name}`, text, values };
    const { rows } = await reading.inScope(actor, null, (db) => db.query<Row>(statement));
    yield rows.map(({ at: _, key: __, ...item }) => item);
    last = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}
