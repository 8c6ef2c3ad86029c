/** `collect()` in a browser: what somebody does there becomes batches that the API takes, and nothing in them says which key it was. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchBody } from '../../src/behaviour/batches/batch.ts';
import { type Browser, chromium, startBrowser } from '../support/browser.ts';

const ROOT = join(import.meta.dirname, '../..');

/** As a page gets it that takes nothing else of the client. */
async function bundled(): Promise<string> {
  const bundle = await rolldown({ input: join(ROOT, 'dist/src/client/collect.js'), platform: 'browser' });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  return output[0].code;
}

test('it has less than 3 KB', async () => {
  const code = await bundled();
  expect(code.length).toBeLessThan(3_000);
  expect(gzipSync(code).length).toBeLessThan(1_500);
});

describe.skipIf(!chromium)('in a browser', () => {
  let browser: Browser;
  let server: Server;
  let url: string;
  let status = 202;
  const sent: { token: string | undefined; body: string }[] = [];

  beforeAll(async () => {
    const code = await bundled();
    server = createServer(async (req, res) => {
      if (req.url === '/collect.js') return res.setHeader('content-type', 'text/javascript').end(code);
      if (req.method === 'POST') {
        const pieces: Buffer[] = [];
        for await (const piece of req) pieces.push(piece as Buffer);
        sent.push({ token: req.headers.authorization, body: Buffer.concat(pieces).toString() });
        return res.writeHead(status).end();
      }
      return res.setHeader('content-type', 'text/html').end(PAGE);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const PAGE = `<!doctype html><meta charset="utf-8"><body style="height:5000px"><input id="text"><script type="module">
    import { collect } from '/collect.js';
    window.collecting = collect({ url: '', token: async () => 'the-token', every_ms: 86_400_000 });
    window.press = (code, ms) => new Promise((done) => {
      dispatchEvent(new KeyboardEvent('keydown', { code, key: code, bubbles: true }));
      setTimeout(() => done(dispatchEvent(new KeyboardEvent('keyup', { code, key: code, bubbles: true }))), ms);
    });
    window.at = (type, x, y) => document.body.dispatchEvent(new MouseEvent(type, { clientX: x, clientY: y, bubbles: true }));
  </script>`;

  async function openPage(path: string) {
    const page = await browser.newPage(800, 600);
    await page.open(url + path);
    await page.until('window.collecting');
    return page;
  }

  test('what is typed, pointed at, scrolled and opened is in a batch that the API takes, and no key is', async () => {
    const page = await openPage('/evening?secret=1#part');
    await page.ask(`press('KeyQ', 20).then(() => press('KeyZ', 30))`);
    await page.ask(`at('mousemove', 10, 20); at('mousemove', 11, 21); at('click', 30, 40); scrollTo(0, 300)`);
    await page.until('scrollY === 300');
    await page.ask(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`);
    await page.ask(`history.pushState({}, '', '/rounds/7'); at('click', 31, 41); collecting.stop()`);
    await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(1);
    const { token, body } = sent[0]!;
    expect(token).toBe('Bearer the-token');
    expect(body).not.toMatch(/KeyQ|KeyZ|secret|part/);
    const { keystrokes, mouse_movements, clicks, scrolls, navigation } = batchBody.parse(JSON.parse(body));
    expect(keystrokes.map(({ flight }) => flight > 0)).toEqual([false, true]);
    for (const { dwell } of keystrokes) expect(dwell).toBeGreaterThan(0);
    // The second one came too soon after the first.
    expect(mouse_movements).toHaveLength(1);
    expect(clicks.map(({ x, y }) => [x, y - 300 > 0 ? y - 300 : y])).toEqual([
      [30, 40],
      [31, 41],
    ]);
    expect(scrolls.reduce((sum, { dy }) => sum + dy, 0)).toBe(300);
    expect(navigation.map(({ path }) => path)).toEqual(['/evening', '/rounds/7']);
    expect(page.complaints).toEqual([]);
  });

  test('nothing more is sent once the API has refused it', async () => {
    const page = await openPage('/');
    sent.length = 0;
    status = 403;
    await page.ask(`press('KeyQ', 5).then(() => collecting.stop())`);
    expect(sent).toHaveLength(1);
    await page.ask(`at('click', 1, 1); collecting.stop()`);
    expect(sent).toHaveLength(1);
  });
});
