/** A file that tells where addresses are: what it says, and what is refused at the start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openGeoIp } from '../../src/infra/geoIp.ts';
import { BERLIN, mmdbOf, SYDNEY } from '../support/mmdb.ts';

const WHOLE = mmdbOf([BERLIN, SYDNEY, { network: '192.0.2.0/25', latitude: 91, longitude: 0 }]);

describe('a file of places', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plearoll-geo-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const open = (bytes: Uint8Array) => {
    const path = join(folder, 'places.mmdb');
    writeFileSync(path, bytes);
    return openGeoIp(path);
  };

  test('says of an address in which neighbourhood it is', async () => {
    const locate = await open(WHOLE);
    expect(locate('198.51.100.7')).toEqual({ latitude_tenths: 525, longitude_tenths: 134 });
    expect(locate('203.0.113.255')).toEqual({ latitude_tenths: -339, longitude_tenths: 1_512 });
  });

  test('says nothing of what it does not have, of no address, and of places that there are not', async () => {
    const locate = await open(WHOLE);
    for (const address of ['127.0.0.1', '198.51.99.255', '2001:db8::1', '192.0.2.1', 'unknown', '', undefined]) {
      expect(locate(address)).toBeUndefined();
    }
  });

  test('is not needed', async () => {
    expect((await openGeoIp(undefined))('198.51.100.7')).toBeUndefined();
  });

  test('is read at the start: what becomes of it then changes nothing', async () => {
    const locate = await open(WHOLE);
    writeFileSync(join(folder, 'places.mmdb'), 'x');
    expect(locate('198.51.100.7')).toBeDefined();
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['of another kind', Buffer.from('{"city": "Berlin"}')],
    ['cut off at its end', WHOLE.subarray(0, WHOLE.length - 40)],
    ['cut off at its beginning', WHOLE.subarray(200)],
    ['overwritten in its tree', Buffer.concat([Buffer.alloc(120, 0xff), WHOLE.subarray(120)])],
    ['overwritten after its tree', overwritten(WHOLE)],
  ])('that is %s is refused with a sentence', async (_, bytes) => {
    await expect(open(bytes)).rejects.toThrow(/GEOIP_FILE: must be a whole file in the MaxMind DB format/);
  });

  test('that is missing, or a folder, is refused too', async () => {
    await expect(openGeoIp(join(folder, 'none.mmdb'))).rejects.toThrow(/GEOIP_FILE: .*ENOENT/);
    await expect(openGeoIp(folder)).rejects.toThrow(/GEOIP_FILE: .*EISDIR/);
  });
});

function overwritten(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const separator = copy.indexOf(Buffer.alloc(16));
  return copy.fill(0xff, separator, separator + 16);
}
