// The page around the viewer, and a page that contains everything: `node page.mjs SCENE.glb [SINGLE.html]`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { dist, launch, serve, slowDown } from './harness.mjs';
import { check, end, look, PATIENCE_MS } from './support.mjs';

const [file, single] = process.argv.slice(2);
const scene = await readFile(file);
const glb = ['model/gltf-binary', scene];
// Below a folder, as on a host with other pages.
const names = ['index.html', 'page.css', 'loop3d.js', 'page.js', 'offline.js', 'icon.svg', 'loop3d_webgpu.wasm', 'loop3d_webgl2.wasm'];
const types = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', wasm: 'application/wasm' };
const pages = {
  '/my/place/scene.glb': glb, '/my/place/other one.glb': glb,
  '/my/place/gallery.json': ['application/json', JSON.stringify([{ src: 'scene.glb', name: 'First' }, { src: 'other%20one.glb', name: 'Other' }])],
};
for (const name of names) pages[`/my/place/${name}`] = [types[name.split('.').at(-1)], await readFile(`${dist}/${name}`)];
pages['/my/place/'] = pages['/my/place/index.html'];
const server = await serve(pages, '/nowhere');
const browser = await launch();

async function open(url, use) {
  const context = await browser.newContext({ viewport: { width: 500, height: 360 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await slowDown(page);
  const said = [];
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  try {
    await page.goto(url);
    await use(page, context, said);
  } finally {
    await context.close();
  }
}
const moving = (page) => page.waitForFunction(() => document.querySelector('loop-3d')?.stage === 'motion');
const isSeen = async (page) => {
  const shown = await look(page, { x: 50, y: 80, width: 400, height: 200 });
  assert.ok(Math.max(...shown.grey) - Math.min(...shown.grey) > 60, 'one colour');
};

await check('below a folder: the first scene of the gallery, a link to the other one, and a dropped file', () => open(`${server.url}my/place/`, async (page, _, said) => {
  await moving(page);
  await isSeen(page);
  assert.equal(await page.title(), 'First – loop3d');
  assert.equal(await page.getByRole('link', { name: 'Other' }).getAttribute('href'), '?url=other%2520one.glb');
  await page.getByRole('link', { name: 'Other' }).click();
  await page.waitForFunction(() => document.title.startsWith('Other'));
  await moving(page);
  await page.evaluate((bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(bytes)], 'mine.glb'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [...scene]);
  await page.waitForFunction(() => document.title === 'mine – loop3d');
  await moving(page);
  await isSeen(page);
  assert.deepEqual(said, []);
}));

await check('offline, after the first visit', () => open(`${server.url}my/place/`, async (page, context) => {
  await moving(page);
  // A worker that is still taking over lets a reload pass to the network.
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  await page.waitForFunction(async () => {
    const keys = await (await caches.open('loop3d')).keys();
    return ['loop3d.js', 'page.js', 'page.css', 'scene.glb', '.wasm', 'place/'].every((end) => keys.some(({ url }) => url.endsWith(end)));
  });
  await context.setOffline(true);
  await page.reload();
  await moving(page);
  await isSeen(page);
}));

if (single) {
  await check('one file, from the disk', () => open(pathToFileURL(single).href, async (page, _, said) => {
    await moving(page);
    await isSeen(page);
    assert.deepEqual(said, []);
  }));
}

await browser.close();
server.close();
end();
