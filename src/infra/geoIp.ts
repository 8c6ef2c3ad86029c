/**
 * Where addresses are, as an operator's own file in the MaxMind DB format says it. It is read at the start and kept in
 * memory; without a file nobody is anywhere, and no address leaves this process.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { type CityResponse, Reader } from 'mmdb-lib';
import { ConfigError } from './process/config.ts';

/** In tenths of a degree, which is about ten kilometres. */
export interface Located {
  latitude_tenths: number;
  longitude_tenths: number;
}

/** Undefined where nobody knows. Never throws. */
export type Locate = (address: string | undefined) => Located | undefined;

/** Zeros between the tree and what it leads to. */
const SEPARATOR_BYTES = 16;
const NETWORKS = 256;

/** @throws {ConfigError} for a file that cannot be read, or is none of this format from its beginning to its end */
export async function openGeoIp(path: string | undefined): Promise<Locate> {
  if (path === undefined) return () => undefined;
  try {
    return locateIn(checked(await readFile(path)));
  } catch (fault) {
    const { message } = fault as Error;
    throw new ConfigError([`GEOIP_FILE: must be a whole file in the MaxMind DB format (.mmdb) (${message})`]);
  }
}

function checked(bytes: Buffer): Reader<CityResponse> {
  const reader = new Reader<CityResponse>(bytes);
  const { searchTreeSize } = reader.metadata;
  const separator = bytes.subarray(searchTreeSize, searchTreeSize + SEPARATOR_BYTES);
  if (separator.length < SEPARATOR_BYTES || separator.some((byte) => byte !== 0))
    throw new Error('its tree is cut off');
  for (let i = 0; i < NETWORKS; i += 1) {
    if (typeof reader.get(`${i}.0.0.1`) !== 'object') throw new Error('its tree leads elsewhere');
  }
  return reader;
}

function locateIn(reader: Reader<CityResponse>): Locate {
  return (address = '') => {
    const family = isIP(address);
    if (family === 0 || family > reader.metadata.ipVersion) return undefined;
    try {
      return locationOf(reader.get(address));
    } catch {
      // A fault in a corner of the file that was not looked at when it was opened.
      return undefined;
    }
  };
}

function locationOf(found: CityResponse | null): Located | undefined {
  const { latitude, longitude } = found?.location ?? {};
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return undefined;
  return { latitude_tenths: Math.round(latitude * 10), longitude_tenths: Math.round(longitude * 10) };
}

function isWithin(degrees: unknown, most: number): degrees is number {
  return typeof degrees === 'number' && Math.abs(degrees) <= most;
}
