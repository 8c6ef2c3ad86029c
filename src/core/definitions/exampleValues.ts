/** Ids, times and hashes of the examples in documents. */

/** @param end two hexadecimal digits */
export const exampleId = (end: string) => `018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e${end}`;

const hash = '78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde';

export const EXAMPLE = {
  institution_id: exampleId('01'),
  user_id: exampleId('14'),
  event_id: exampleId('16'),
  command_id: exampleId('17'),
  created_at: '2026-09-24T09:58:00.000Z',
  started_at: '2026-09-24T10:00:00.000Z',
  now: '2026-09-24T10:11:12.345Z',
  hash,
  previous_hash: '5029b3a908c6383bf13474b795327010d596f360b62b436b5895dba227003015',
  head: { event_sequence: 17, event_hash: hash },
} as const;
