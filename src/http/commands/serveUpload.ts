/**
 * Serving a mutation whose body is a form with a file: what is sure to be refused is refused before a byte of the body
 * is read, the file is kept before the command that names it is accepted, and nothing of it is left where it is refused.
 * A repetition under an Idempotency-Key is not refused: its answer is what became of the first.
 */
import type { Request, Response } from 'express';
import type { Scope } from '../../access/scope.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { CommandDefinition, InputError } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { FileInfo, Upload } from '../../core/definitions/upload.ts';
import { giveTime } from '../../infra/process/httpServer.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandForm, type Form, readForm } from '../door/form.ts';
import { limit, ownLimitOf } from '../door/limits.ts';
import { readIdempotencyKey } from '../door/preferences.ts';
import { whereaboutsOf } from '../door/whereabouts.ts';
import { demandPolicies } from '../policies/demandPolicies.ts';
import { checkCommand, lowered, sessionOf, submit } from './serveCommand.ts';

type AnyUpload = Upload<unknown, unknown>;

export function serveUpload(context: ApiContext, definition: CommandDefinition, upload: AnyUpload) {
  const ownLimit = ownLimitOf(definition);
  return async (req: Request, res: Response): Promise<void> => {
    const actor = (await enter(context, req, res, definition))!;
    demandForm(req, upload.max_bytes);
    demandRole(actor, definition.roles);
    const params = lowered(req.params);
    const scope = await context.scopes.demand(definition.target(params)!, actor);
    if (definition.admits?.(actor, scope, params) === false) throw new Problem('forbidden');
    const key = readIdempotencyKey(req, []);
    const earlier = key === null ? undefined : await context.acceptor.findFingerprint({ scope: actor.id, key });
    if (earlier === undefined) await demandUnrefused(context, upload, actor, scope, params);
    const institution_id = (scope as Scope | null)?.institution_id ?? actor.institution_id;
    const where = { institution_id, session_id: sessionOf(params), from: whereaboutsOf(req) };
    const knocking = { command: definition.name, actor, ...where };
    await demandPolicies(context, knocking, key === null ? null : { scope: actor.id, key });
    await demandRoom(context, institution_id);
    // Also where it is a repetition: its body is read as well.
    if (ownLimit) await limit(context, req, res, actor, ownLimit);
    const form = await context.uploading.run(actor, () => {
      const hurry = giveTime(req);
      return readForm(req, context.blobs, upload.max_bytes).finally(hurry);
    });
    try {
      const faults = [...form.faults, ...fileFaults(form)];
      const file = factsOf(form, upload);
      const submission = await checkCommand(context, definition, req, res, actor, { body: form.fields, faults, file });
      if (earlier === undefined) await demandUnrefused(context, upload, actor, scope, submission.input);
      else if (earlier !== submission.fingerprint) throw new Problem('idempotency_key_reused');
      await form.draft!.keep();
      await submit(context, definition, req, res, submission);
    } finally {
      await form.draft?.discard();
    }
  };
}

/** @throws {Problem} 503: what is kept among the files of another installation would be swept by it */
async function demandRoom({ acceptor, blobs, installation }: ApiContext, institution_id: string | null): Promise<void> {
  acceptor.demandRoom({ institution_id });
  if (((await blobs.readOwner()) ?? (await blobs.claim(installation))) === installation) return;
  throw new Problem('unavailable', 'Files cannot be kept just now. Nothing is stored.', {}, { 'Retry-After': '60' });
}

async function demandUnrefused(
  { reading }: ApiContext,
  upload: AnyUpload,
  actor: Actor,
  scope: unknown,
  input: JsonObject,
): Promise<void> {
  const session_id = input.session_id as string;
  const rejection = await reading.inScope(actor, session_id, (db) => upload.refuse({ db, actor, scope, input }));
  if (rejection) throw new Problem(rejection);
}

function fileFaults({ draft, faults }: Form): InputError[] {
  if (draft?.size_bytes === 0) return [{ pointer: '/file', detail: 'is empty' }];
  const isNamed = faults.some(({ pointer }) => pointer === '/file');
  return draft || isNamed ? [] : [{ pointer: '/file', detail: 'is needed' }];
}

/** @throws {Problem} 415 where its bytes are of no type that is taken, or of another than the sender says */
function factsOf({ draft, declared = SAYS_NOTHING[0]! }: Form, upload: AnyUpload): FileInfo | undefined {
  if (!draft || draft.size_bytes === 0) return undefined;
  const { sha256, size_bytes, head } = draft;
  const media_type = upload.mediaTypeOf(head);
  if (media_type === undefined) {
    throw new Problem('unsupported_type', `The file is none of ${upload.media_types.join(', ')}.`);
  }
  if (!SAYS_NOTHING.includes(declared) && (SPELLED[declared] ?? declared) !== media_type) {
    throw new Problem('unsupported_type', `The file is ${media_type}, not ${declared}.`);
  }
  return { sha256, size_bytes, media_type };
}

/** Types that claim nothing: busboy's default, and the generic binary type. */
const SAYS_NOTHING = ['text/plain', 'application/octet-stream'];
/** Other names in use. */
const SPELLED: Record<string, string> = { 'image/jpg': 'image/jpeg', 'application/x-pdf': 'application/pdf' };
