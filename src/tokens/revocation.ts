/** A revocation: tokens that bear a name are ended before their time. It stands outside the chain, and is pruned. */
import { defineStream, type StreamKind, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';

export const revocations = defineTable({
  name: 'revocations',
  stream: null,
  owner: 'id',
  primary_key: ['id', 'claim'],
  visible: 'to_nobody',
  scope: ['claim', 'value', 'institution_id', 'revoked_at'],
});

/** Each revocation is a stream of its own, in which nothing is recorded: no two have to wait for each other. */
export const revocationStream: StreamKind<object> = defineStream('revocation', { initial: () => ({}) });

export const theRevocation = (id: string) => ({ kind: 'revocation', stream: streamName('revocation', id) }) as const;
