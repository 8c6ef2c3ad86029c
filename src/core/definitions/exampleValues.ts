/** Ids, times and hashes of the examples in documents: one match, and one session of it. */

export const EXAMPLE = {
  institution_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e01',
  assignment_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e10',
  session_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
  event_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e16',
  command_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e17',
  turn_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e20',
  objection_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e21',
  exhibit_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e22',
  petitioner: { user_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e14', name: 'Ada Petrova' },
  respondent: { user_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e18', name: 'Rui Santos' },
  judge: { user_id: '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e19', name: 'Judge Okafor' },
  created_at: '2026-09-24T09:58:00.000Z',
  started_at: '2026-09-24T10:00:00.000Z',
  now: '2026-09-24T10:11:12.345Z',
  hash: '78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde',
  previous_hash: '5029b3a908c6383bf13474b795327010d596f360b62b436b5895dba227003015',
  head: {
    event_sequence: 17,
    event_hash: '78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde',
  },
} as const;
