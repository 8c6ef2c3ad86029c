/** What is known of a person is forgotten: the card is emptied, and the rest is asked for, once at a time. */
import { describe, expect, test } from 'vitest';
import { cardWritten } from '../../src/contact/writeCard.ts';
import { eraseOwn } from '../../src/privacy/eraseOwn.ts';
import { given, NOW } from '../support/given.ts';
import { INSTITUTION, presiding } from '../support/matchFixture.ts';

const kept = { user_id: presiding.id, commitment: 'ab'.repeat(32) };
const written = cardWritten({
  ...{ details_id: presiding.id, institution_id: INSTITUTION, visible_to: ['judge', 'admin'], fields: ['phone'] },
  commitment: 'cd'.repeat(32),
});

describe('what is known of a person', () => {
  test('is forgotten, and the answer says what stays', () => {
    const verdict = given().when(eraseOwn, {}, presiding, { kept }).then()!;
    expect(verdict.writes).toMatchObject([
      { table: 'privacy_erasures', insert: true, set: { user_id: presiding.id, asked_at: NOW, done_at: null } },
    ]);
    expect(verdict.result).toMatchObject({ asked_at: NOW, kept: expect.arrayContaining([expect.anything()]) });
  });

  test('of a super_admin is of no institution, whatever the token names', () => {
    const root = { ...presiding, role: 'super_admin' as const };
    const { writes } = given().when(eraseOwn, {}, root, { kept }).then()!;
    expect(writes).toMatchObject([{ set: { institution_id: null } }]);
  });

  test('is asked for once where it was asked for before, and was not forgotten yet', () => {
    const told = { id: '018f3c1e-2222-7222-8222-222222220001', asked_at: '2026-11-21T11:59:00.000Z' };
    const of = (institution_id: string | null) =>
      given()
        .when(eraseOwn, {}, presiding, { kept, fact: [{ ...told, institution_id }] })
        .then()!;
    expect(of(INSTITUTION).writes).toEqual([]);
    expect(of(INSTITUTION).result).toMatchObject(told);
    expect(of(null).writes).toHaveLength(1);
  });

  test('has its contact card emptied, for the same readers', () => {
    const id = '018f3c1e-2222-7222-8222-222222220000';
    given(written)
      .when(eraseOwn, {}, presiding, { id, kept })
      .then(
        cardWritten({
          ...{ details_id: id, institution_id: INSTITUTION, visible_to: ['judge', 'admin'], fields: [] },
          commitment: kept.commitment,
        }),
      );
  });

  test('leaves a card alone that was emptied before', () => {
    const emptied = cardWritten({ ...written.payload, fields: [] } as never);
    expect(given(written, emptied).when(eraseOwn, {}, presiding, { kept }).then()!.rows).toEqual([]);
  });
});
