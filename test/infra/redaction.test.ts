/** What is masked in every text that an operator reads, and what must stay readable. */
import { describe, expect, test } from 'vitest';
import { redactLine, withoutControls } from '../../src/infra/telemetry/log.ts';
import { createRedact, maskText } from '../../src/infra/telemetry/redaction.ts';
import { privateNames } from '../../src/modules.ts';

const redact = createRedact(privateNames);

const JWT =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

describe('a text', () => {
  test.each([
    ['ada.petrova+moot@law.example.org', '[email]'],
    ['write to <zoë@exämple.org>, please', 'write to <[email]>, please'],
    ['/find?mail=ada%40example.org', '/find?mail=[email]'],
    ['Key (name)=(ada@example.org) already exists', 'Key (name)=([email]) already exists'],
    ['+44 20 7946 0958', '[phone]'],
    ['call +1 (555) 010-9999 now', 'call [phone] now'],
    ['555-010-9999', '[phone]'],
    ['(020) 7946 0958', '[phone]'],
    ['06 12 34 56 78', '[phone]'],
    ['07700900123', '[phone]'],
    ['connect ECONNREFUSED 192.0.2.17:5432', 'connect ECONNREFUSED [address]:5432'],
    ['connect ECONNREFUSED ::1:6379', 'connect ECONNREFUSED [address]'],
    ['from 2001:db8::8a2e:370:7334, twice', 'from [address], twice'],
    ['from 2001:db8::1: refused', 'from [address]: refused'],
    ['::ffff:192.0.2.17', '[address]'],
    ['http://[2001:db8::1]:3000/', 'http://[[address]]:3000/'],
    [`Authorization: Bearer ${JWT}`, 'Authorization: Bearer [token]'],
    ['bearer abcdefgh12345678', 'Bearer [token]'],
    [`the token ${JWT} is old`, 'the token [token] is old'],
    ['/live/ws/x?token=abc.def&last_sequence=3', '/live/ws/x?token=[token]&last_sequence=3'],
    ['?resume_ticket=abc', '?resume_ticket=[token]'],
    ['postgres://moot:pa55word@db.internal:5432/court', 'postgres://moot:[secret]@db.internal:5432/court'],
  ])('%s becomes %s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
    expect(maskText(masked)).toBe(masked);
  });

  test.each([
    '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12',
    '12345678-1234-1234-1234-123456789012',
    'session:00000000-0000-7000-8000-000000000000',
    '2026-11-21T08:15:42.965Z',
    'at 08:15:42 on 2026-11-21',
    'at decide (file:///app/dist/src/core/apply/decideBatch.js:112:15)',
    '78cb0e8632ffbbf32ec883aa873f3ed3b5f25395e34abd5241d88e700ea6ecde',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'Hash mismatch at sequence 17',
    'took 0.123456789 s of 10000 ms, version 18.4.0',
    'command failed 3 times; streams 1-2, port 5432',
  ])('stays as it is: %s', (text) => {
    expect(maskText(text)).toBe(text);
  });

  test('that is long and almost an address costs no more than its length', () => {
    const started = performance.now();
    for (const piece of ['a', '1', 'a:', '1.', '+1 ', 'x@', '(1)-', '@', '//a:', 'eyJaaaa-', 'bearer ', '&token'])
      maskText(piece.repeat(60_000 / piece.length));
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a value', () => {
  test('loses what stands under a telling name, however deep, and keeps the rest (P2-4)', () => {
    expect(
      redact({
        ...{ authorization: 'x', n: 1, yes: true, none: null, token: null, command_id: 'c' },
        list: [{ resume_ticket: 't', client_info: { agent: 'tablet' }, Cookie: 'a=b' }],
        'ada@example.org': 'name',
      }),
    ).toEqual({
      ...{ authorization: '[redacted]', n: 1, yes: true, none: null, token: null, command_id: 'c' },
      list: [{ resume_ticket: '[redacted]', client_info: '[redacted]', Cookie: '[redacted]' }],
      '[email]': 'name',
    });
  });

  test('of the courtroom keeps what happened, and loses what people said of each other and who they are', () => {
    const said = { reason: 'He made it up.', ruling: 'Rephrase.', description: 'A note was passed.' };
    const omitted = { reason: '[redacted]', ruling: '[redacted]', description: '[redacted]' };
    const speaker = { user_id: 'u', name: 'Ada Petrova' };
    expect(redact({ ...said, ground: 'hearsay', turn: { id: 't', speaker, speaker_name: 'Ada Petrova' } })).toEqual({
      ...omitted,
      ...{ ground: 'hearsay', turn: { id: 't', speaker: '[redacted]', speaker_name: '[redacted]' } },
    });
    expect(redact({ reason: null, speaker: null })).toEqual({ reason: null, speaker: null });
  });

  test('of a person loses the name, which elsewhere is that of a command', () => {
    const person = { user_id: 'u', name: 'Ada Petrova' };
    expect(redact({ name: 'session.join', result: { ...person, role: 'judge' } })).toEqual({
      name: 'session.join',
      result: { user_id: 'u', name: '[redacted]', role: 'judge' },
    });
    const match = {
      petitioner: [person],
      panel: [person],
      moderators: [],
      cancel_reason: 'She is ill.',
      title: 'A v B',
    };
    expect(redact(match)).toEqual({
      ...{ petitioner: '[redacted]', panel: '[redacted]', moderators: '[redacted]', cancel_reason: '[redacted]' },
      title: 'A v B',
    });
  });

  test('loses what is told to be private, and what every request is made of whatever is told', () => {
    const said = { verdict: 'They lied.', Verdict: 'They lied.', ticket: 't' };
    expect(createRedact([])(said)).toEqual({ ...said, ticket: '[redacted]' });
    expect(createRedact(['verdict'])(said)).toEqual({
      ...{ verdict: '[redacted]', Verdict: '[redacted]', ticket: '[redacted]' },
    });
  });

  test.each(['client_info', 'details', 'metadata', 'reason', 'ruling', 'description', 'speaker', 'speaker_name'])(
    'of %s is omitted, because a schema or its module says that it is private',
    (name) => {
      expect(redact({ [name]: 'x' })).toEqual({ [name]: '[redacted]' });
      expect(createRedact([])({ [name]: 'x' })).toEqual({ [name]: 'x' });
    },
  );

  test('that goes on for ever is cut', () => {
    let deep: object = { end: 'ada@example.org' };
    for (let i = 0; i < 1_000; i++) deep = { deep };
    expect(JSON.stringify(redact(deep))).not.toContain('ada');
  });
});

test('a line of the log stays one line of JSON, whatever is in it', () => {
  const line = `${JSON.stringify({ level: 30, msg: 'from 192.0.2.17', err: { message: 'ada@example.org\n"quoted"' } })}\n`;
  expect(redactLine(line, redact)).toBe(
    `${JSON.stringify({ level: 30, msg: 'from [address]', err: { message: '[email]\n"quoted"' } })}\n`,
  );
  expect(redactLine('{"broken": "ada@example.org"', redact)).not.toContain('ada');
});

test('a line for a terminal has nothing in it that a terminal obeys', () => {
  const fault = 'bad \u001b[2J\u0007\u009b31m text\nof two lines';
  const line = withoutControls(`${JSON.stringify({ level: 50, msg: fault })}\n`);
  expect(JSON.parse(line)).toEqual({ level: 50, msg: 'bad ?[2J??31m text\nof two lines' });
  expect(line.endsWith('}\n')).toBe(true);
});
