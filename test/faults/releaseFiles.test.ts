/** What chaos reads of an earlier version before it rolls it over to this one. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isAccepted, KINDS, lacksPackages, readProcfile } from '../../chaos/releaseFiles.ts';

describe('a version', () => {
  test('says in its Procfile which file is which process', () => {
    const text =
      'release: npm run migrate\nweb: node dist/src/api.js\nworker: node dist/jobs/worker.js\nnight: node dist/night.js\n';
    expect(readProcfile(text)).toEqual({ api: 'dist/src/api.js', worker: 'dist/jobs/worker.js' });
  });

  test('of ours has a process of every kind', () => {
    expect(Object.keys(readProcfile(readFileSync('Procfile', 'utf8'))).sort()).toEqual([...KINDS].sort());
  });

  test('needs packages of its own where one that it runs with is missing or another', () => {
    const its = {
      packages: {
        '': { version: '0.1.0' },
        'node_modules/pg': { version: '8.0.0' },
        'node_modules/vitest': { version: '4.0.0', dev: true },
        'node_modules/native': { version: '1.0.0', optional: true },
      },
    };
    const ours = (version: string) => ({ packages: { '': { version: '0.2.0' }, 'node_modules/pg': { version } } });
    expect(lacksPackages(its, ours('8.0.0'))).toBe(false);
    expect(lacksPackages(its, ours('8.0.1'))).toBe(true);
    expect(lacksPackages(its, { packages: {} })).toBe(true);
  });

  test('is accepted by a schema whose every migration it knows, or which says that it accepts one that it knows', () => {
    const known = ['0001_record', '0002_inbox'];
    const applied = (name: string, accepts: string | null) => [
      { name: '0001_record', accepts: null },
      { name: '0002_inbox', accepts: null },
      { name, accepts },
    ];
    expect(isAccepted(known, applied('0002_inbox', null))).toBe(true);
    expect(isAccepted(known, applied('0003_later', null))).toBe(false);
    expect(isAccepted(known, applied('0003_later', '0002_inbox'))).toBe(true);
    expect(
      isAccepted(known, [...applied('0003_later', '0002_inbox'), { name: '0004_latest', accepts: '0003_later' }]),
    ).toBe(false);
  });

  test('that is named is a whole commit, and says what it is named for', () => {
    const named = JSON.parse(readFileSync('chaos/releases.json', 'utf8')) as { commit: string; what: string }[];
    expect(named.length).toBeGreaterThan(0);
    for (const { commit, what } of named) {
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      expect(what).not.toBe('');
    }
  });
});
