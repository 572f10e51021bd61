// The element with its real engine: `node live.mjs BACKEND SCENE.glb`. Checks the effect of gestures on the pixels of a real scene.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dist, launch, serve, slowDown } from './harness.mjs';
import { check, difference, end, growth, look, PATIENCE_MS, shift, until } from './support.mjs';

const [backend, file] = process.argv.slice(2);
const scene = await readFile(file);
const flipped = Buffer.from(scene);
flipped[scene.length - 200] ^= 1;
const glb = (body) => ['model/gltf-binary', body];
const full = `backend=${backend} camera-controls controls interaction-prompt=none touch-action=none quality=full`;
const html = (body) => ['text/html', `<!doctype html><meta name=viewport content='width=device-width'><link rel=icon href='data:,'><link rel=stylesheet href=/small.css>
  <script type=module src=/loop3d.js></script><body>${body}`];
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; style-src 'self'";
const server = await serve({
  '/small.css': ['text/css', 'body{margin:0} loop-3d{width:384px;height:256px} .far{height:3000px}'],
  '/scene.glb': glb(scene), '/cut.glb': glb(scene.subarray(0, scene.length - 300)), '/head.glb': glb(scene.subarray(0, 300)), '/flipped.glb': glb(flipped),
  '/text.glb': glb('this is no scene at all, and long enough to be looked at'),
  '/one': html(`<loop-3d id=a src=/scene.glb ${full}></loop-3d>`),
  '/gyro': html(`<loop-3d id=a src=/scene.glb ${full} gyro></loop-3d>`),
  '/two': html(`<loop-3d id=a src=/scene.glb ${full} autoplay></loop-3d><div class=far></div><loop-3d id=b src=/scene.glb ${full} autoplay></loop-3d>`),
  ...Object.fromEntries(['cut', 'head', 'flipped', 'text'].map((name) => [`/bad-${name}`, html(`<loop-3d id=a src=/${name}.glb ${full}></loop-3d>`)])),
}, dist, { 'content-security-policy': CSP });
const browser = await launch();
// The part of the element above the bar.
const picture = { x: 8, y: 8, width: 368, height: 180 };
const phone = { viewport: { width: 400, height: 700 }, hasTouch: true, isMobile: true };

async function open(path, use, { setUp, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 500, height: 400 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await slowDown(page);
  if (setUp) await page.addInitScript(setUp);
  const said = [];
  page.on('pageerror', (error) => said.push(String(error)));
  // Only errors: Chromium also warns about its own software renderer.
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  try {
    await page.goto(server.url + path);
    await use(page, context, said);
  } finally {
    await context.close();
  }
}
const moving = (page, id = 'a') => page.waitForFunction((name) => document.getElementById(name)?.stage === 'motion', id);
const get = (page, name, id = 'a') => page.evaluate(([key, element]) => document.getElementById(element)[key], [name, id]);
const set = (page, values) => page.evaluate((wanted) => void Object.assign(document.getElementById('a'), wanted), values);
/** Waits for this many frames of the page, a span that a busy machine cannot cut short. */
const pictures = (page, count = 12) => page.evaluate((left) => new Promise((done) => {
  const next = () => ((left -= 1) < 0 ? done() : requestAnimationFrame(next));
  next();
}), count);
/** Waits until neither the camera nor the position nor any pixel changes any more. */
async function rest(page) {
  let [before, shown] = ['', undefined];
  await until('rest', async () => {
    const now = JSON.stringify(await page.evaluate(() => [document.getElementById('a').camera, document.getElementById('a').currentTime]));
    const last = shown;
    shown = now === before ? await look(page, picture) : undefined;
    before = now;
    return last && shown && difference(last, shown) === 0;
  }, () => pictures(page));
}
/** The image that the element itself exports, without anything over it. */
const pixels = async (page) => {
  const { width, height, grey } = await page.evaluate(async () => {
    const bitmap = await createImageBitmap(await document.getElementById('a').toBlob());
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let text = '';
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(Math.round((data[i] + data[i + 1] + data[i + 2]) / 3));
    return { width, height, grey: btoa(text) };
  });
  return { width, height, grey: Buffer.from(grey, 'base64') };
};
async function drag(page, way, button = 'left') {
  await page.mouse.move(180, 100);
  await page.mouse.down({ button });
  for (let i = 1; i <= 4; i += 1) await page.mouse.move(180 + (way[0] * i) / 4, 100 + (way[1] * i) / 4);
  await pictures(page);
  await page.mouse.up({ button });
  await rest(page);
}

await check('poster, static scene, motion; under a strict policy; on the requested backend', () => open('one', async (page, _, said) => {
  await moving(page);
  await rest(page);
  assert.equal((await page.evaluate(() => document.getElementById('a').statistics())).backend, backend);
  assert.equal(await get(page, 'paused'), true);
  const shown = await look(page, picture);
  const range = Math.max(...shown.grey) - Math.min(...shown.grey);
  assert.ok(range > 60, `a picture, not one colour: ${range}`);
  assert.deepEqual(said, []);
}));

await check('drag, other button, wheel, double click', () => open('one', async (page) => {
  await moving(page);
  await rest(page);
  const start = await look(page, picture);
  await drag(page, [60, 0]);
  const { orbit } = await get(page, 'camera');
  assert.ok(orbit[0] < -0.005 && Math.abs(orbit[1]) < 1e-6, `the camera moves to the left: ${orbit}`);
  const dragged = await look(page, picture);
  assert.ok(difference(start, dragged) > 0.5);
  // The same camera, set by a program, shows the same image.
  const camera = await get(page, 'camera');
  await page.evaluate(() => document.getElementById('a').resetCamera());
  await rest(page);
  assert.ok(difference(start, await look(page, picture)) < 0.3);
  await set(page, { camera });
  await rest(page);
  assert.ok(difference(dragged, await look(page, picture)) < 0.3);

  await page.mouse.dblclick(180, 100);
  await rest(page);
  assert.ok(difference(start, await look(page, picture)) < 0.3);
  await page.mouse.move(192, 128);
  for (let i = 0; i < 3; i += 1) await page.mouse.wheel(0, -100);
  await page.waitForFunction(() => document.getElementById('a').camera.zoom > 0);
  await rest(page);
  const near = { x: 92, y: 64, width: 200, height: 128 };
  const large = await look(page, near);
  assert.ok(Math.abs(2 ** (await get(page, 'camera')).zoom - 1.5) < 0.06);
  await page.evaluate(() => document.getElementById('a').resetCamera());
  await rest(page);
  const grown = growth(await look(page, near), large);
  assert.ok(Math.abs(grown.scale - 1.5) < 0.12, JSON.stringify(grown));
}));

await check('dragging the image moves its pixels with the mouse', () => open('one', async (page) => {
  await moving(page);
  // Zoomed in, so that the limits of the capture leave room.
  await set(page, { camera: { orbit: [0, 0], pan: [0, 0], zoom: 1.5 } });
  await rest(page);
  const start = await look(page, picture);
  await drag(page, [8, 0], 'right');
  const moved = shift(start, await look(page, picture), 24);
  // Things at the focus move as far as the mouse, nearer things further; and the camera has momentum.
  assert.ok(moved.x >= 1 && Math.abs(moved.y) <= 1, JSON.stringify(moved));
}));

await check('spreading two fingers enlarges', () => open('one', async (page, context) => {
  await moving(page);
  await rest(page);
  const session = await context.newCDPSession(page);
  const touch = (type, ...points) => session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const near = { x: 92, y: 64, width: 200, height: 110 };
  const start = await look(page, near);
  await touch('touchStart', [150, 120]);
  await touch('touchStart', [150, 120], [234, 120]);
  for (let i = 1; i <= 4; i += 1) await touch('touchMove', [150 - 6 * i, 120], [234 + 6 * i, 120]);
  await pictures(page);
  await touch('touchEnd');
  await rest(page);
  const { zoom } = await get(page, 'camera');
  assert.ok(Math.abs(2 ** zoom - 132 / 84) < 0.1, String(2 ** zoom));
  const grown = growth(start, await look(page, near));
  assert.ok(Math.abs(grown.scale - 132 / 84) < 0.15, JSON.stringify(grown));
}, phone));

await check('play, pause, scrub: pixels change when they should, and are those of the position', () => open('one', async (page) => {
  await moving(page);
  await rest(page);
  const start = await pixels(page);
  await page.locator('#a').focus();
  await page.keyboard.press('Space');
  await page.waitForFunction(() => document.getElementById('a').currentTime > 0);
  assert.equal(await get(page, 'paused'), false);
  await page.keyboard.press('Space');
  await rest(page);
  const stopped = await look(page, picture);
  await pictures(page, 30);
  assert.equal(difference(stopped, await look(page, picture)), 0, 'paused, but it moves');
  await page.mouse.move(180, 100);
  const box = await page.locator('#a').getByLabel('Position in the loop').boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await rest(page);
  const middle = (await get(page, 'currentTime')) / (await get(page, 'duration'));
  assert.ok(Math.abs(middle - 0.5) < 0.04, String(middle));
  // The nearest frame may be shown until the right one is decoded.
  await until('the pixels of another moment', async () => difference(start, await pixels(page)) > 0.5, () => pictures(page));
  await set(page, { currentTime: 0 });
  await until('the pixels of the first moment', async () => difference(start, await pixels(page)) < 0.1, () => pictures(page));
}));

await check('tilting moves the image, and back', () => open('gyro', async (page) => {
  await moving(page);
  await rest(page);
  // Straight ahead first, without a pause: after one the current pose becomes the neutral one.
  const shown = async (gamma) => {
    await page.evaluate((angle) => {
      for (const step of [0, angle / 2, angle]) window.dispatchEvent(new DeviceOrientationEvent('deviceorientation', { alpha: 0, beta: 45, gamma: step }));
    }, gamma);
    await rest(page);
    return pixels(page);
  };
  const straight = await shown(0);
  const right = await shown(15);
  assert.ok(difference(straight, right) > 0.4, `tilted, but the same pixels: ${difference(straight, right)}`);
  const left = await shown(-15);
  assert.ok(difference(left, right) > difference(straight, right), 'the other way is further away');
  assert.ok(difference(straight, await shown(1.5)) < difference(straight, right));
}, { ...phone, setUp: () => delete DeviceOrientationEvent.requestPermission }));

await check('two on one page; the one off screen is paused', () => open('two', async (page) => {
  await moving(page);
  assert.equal(await get(page, 'stage', 'b'), 'empty');
  await page.evaluate(() => document.getElementById('b').scrollIntoView());
  await moving(page, 'b');
  const [a, b] = [await get(page, 'currentTime', 'a'), await get(page, 'currentTime', 'b')];
  await page.waitForFunction((before) => document.getElementById('b').currentTime !== before, b);
  assert.equal(await get(page, 'currentTime', 'a'), a);
}));

for (const [name, words] of [
  ['head', /ends too early/], ['cut', /ends too early/], ['flipped', /damaged/], ['text', /not a 3D loop/],
]) {
  await check(`${name}: a message in the element and never a blank box`, () => open(`bad-${name}`, async (page) => {
    await page.waitForFunction((pattern) => {
      const { shadowRoot } = document.getElementById('a');
      return new RegExp(pattern).test(shadowRoot.querySelector('.message').innerText + shadowRoot.querySelector('.note').innerText);
    }, words.source);
    const shown = await look(page, { x: 0, y: 0, width: 384, height: 256 });
    assert.ok(Math.max(...shown.grey) - Math.min(...shown.grey) > 60, 'a blank box');
  }));
}

await check('the heap stays flat while it loops', () => open('one', async (page, context) => {
  await moving(page);
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.enable');
  const used = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return (await session.send('Runtime.getHeapUsage')).usedSize;
  };
  const memory = () => page.evaluate(() => document.getElementById('a').statistics().gpuBytes);
  await page.evaluate(() => Object.assign(document.getElementById('a'), { speed: 4 }).play());
  await pictures(page, 60);
  const [before, gpu] = [await used(), await memory()];
  const seconds = Number(process.env.LOOP3D_HEAP_SECONDS ?? 0);
  await (seconds ? page.waitForTimeout(1000 * seconds) : pictures(page, 200));
  const [after, gpuAfter] = [await used(), await memory()];
  console.log(`     heap ${before} → ${after} bytes; GPU ${gpu} → ${gpuAfter} bytes`);
  assert.ok(after - before < 400_000, `${before} → ${after}`);
  assert.equal(gpuAfter, gpu);
}));

await browser.close();
server.close();
end();
