// The page on which one draws what moves: `node draw.mjs`. Masks and arrows drawn with a mouse, a finger and keys arrive to a pixel.
import assert from 'node:assert/strict';
import { dist, launch, serve, slowDown } from './harness.mjs';
import { check, end, PATIENCE_MS } from './support.mjs';

const folder = process.env.LOOP3D_DIST ?? dist;
const [W, H] = [40, 30];
let saved;
const browser = await launch();

/** A picture of a grey ground with a light square from (4, 4) to (11, 9), as a PNG made in the browser. */
async function picture() {
  const page = await browser.newPage();
  const data = await page.evaluate(([w, h]) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [w, h];
    const context = canvas.getContext('2d');
    context.fillStyle = 'rgb(90 90 90)';
    context.fillRect(0, 0, w, h);
    context.fillStyle = 'rgb(210 210 200)';
    context.fillRect(4, 4, 8, 6);
    return canvas.toDataURL('image/png').split(',')[1];
  }, [W, H]);
  await page.close();
  return Buffer.from(data, 'base64');
}
const server = await serve({
  '/picture.png': ['image/png', await picture()],
  '/moves': (request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; });
    request.on('end', () => {
      saved = JSON.parse(text);
      response.writeHead(200, { 'content-type': 'text/plain' }).end('Saved. Next: do something.');
    });
  },
}, folder);

/** Opens the page; `at` takes a place in the picture to one on the screen. */
async function open(use, options = {}) {
  const context = await browser.newContext({ viewport: { width: 900, height: 620 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await slowDown(page);
  const said = [];
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  await page.goto(`${server.url}draw.html`);
  await page.waitForFunction(() => document.querySelector('#parts button'));
  const box = await page.locator('#board').boundingBox();
  const at = (x, y) => [box.x + (x * box.width) / W, box.y + (y * box.height) / H];
  const drag = async (...places) => {
    await page.mouse.move(...at(...places[0]));
    await page.mouse.down();
    for (const place of places.slice(1)) await page.mouse.move(...at(...place), { steps: 8 });
    await page.mouse.up();
  };
  const save = async () => {
    saved = undefined;
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForFunction(() => document.querySelector('#said').textContent.startsWith('Saved'));
    for (const move of saved.moves) move.pixels = await pixels(page, move.mask);
    return saved;
  };
  await use({ page, at, drag, save, context });
  assert.deepEqual(said, []);
  if (process.env.LOOP3D_SHOTS) await page.screenshot({ path: `${process.env.LOOP3D_SHOTS}/draw-${Date.now()}.png` });
  await context.close();
}

/** The pixels of a mask that are white; all others have to be black. */
const pixels = (page, base64) => page.evaluate(async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const { data: rgba } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const inside = [];
  for (let pixel = 0; pixel < rgba.length / 4; pixel += 1) {
    const [r, g, b, a] = rgba.slice(4 * pixel, 4 * pixel + 4);
    if (r !== g || g !== b || (r !== 0 && r !== 255) || a !== 255) throw new Error(`pixel ${pixel} is ${r} ${g} ${b} ${a}`);
    if (r === 255) inside.push(pixel);
  }
  return inside;
}, base64);

/** The pixels whose centres satisfy something. */
const those = (rule) => [...Array(W * H).keys()].filter((pixel) => rule((pixel % W) + 0.5, Math.floor(pixel / W) + 0.5));
const near = (points, expected, off = 0.6) => {
  assert.equal(points.length, expected.length, JSON.stringify(points));
  points.forEach(([x, y], index) => assert.ok(Math.hypot(x - expected[index][0], y - expected[index][1]) < off, JSON.stringify(points)));
};
const slider = (page, name, value) => page.locator(`#${name}`).fill(String(value));

await check('a brush, an eraser and an arrow', () => open(async ({ page, drag, save }) => {
  await page.getByRole('button', { name: 'Save' }).click();
  assert.equal(await page.locator('#said').textContent(), 'Paint what moves, and drag an arrow.');
  await slider(page, 'size', 6);
  await drag([10, 20], [25, 20]);
  await page.getByRole('button', { name: 'Save' }).click();
  assert.equal(await page.locator('#said').textContent(), 'Part 1 has no arrow yet.');
  await page.keyboard.press('a');
  await drag([12, 20], [30, 20], [30, 8]);
  const stroke = (x, y) => Math.hypot(x - Math.min(25, Math.max(10, x)), y - 20) <= 3;
  let drawn = await save();
  assert.deepEqual([drawn.format, drawn.size, drawn.background, drawn.moves.length], [1, [W, H], 'free', 1]);
  assert.deepEqual(drawn.moves[0].pixels, those(stroke));
  near(drawn.moves[0].points, [[12, 20], [30, 20], [30, 8]]);

  await page.keyboard.press('e');
  await slider(page, 'size', 4);
  await drag([25, 20], [25, 20]);
  await page.locator('#background').selectOption('frozen');
  drawn = await save();
  assert.equal(drawn.background, 'frozen');
  const erased = those((x, y) => stroke(x, y) && Math.hypot(x - 25, y - 20) > 2);
  assert.deepEqual(drawn.moves[0].pixels, erased);
  // Back and forth.
  await page.locator('#board').focus();
  await page.keyboard.press('Control+z');
  assert.deepEqual((await save()).moves[0].pixels, those(stroke));
  await page.keyboard.press('Control+Shift+z');
  assert.deepEqual((await save()).moves[0].pixels, erased);
}));

await check('a wand and a lasso, in two parts', () => open(async ({ page, at, drag, save }) => {
  await page.keyboard.press('w');
  await page.mouse.click(...at(6.5, 6.5));
  await page.keyboard.press('a');
  await drag([8, 7], [20, 7]);
  await page.keyboard.press('n');
  await page.keyboard.press('l');
  await drag([22, 14], [34, 14], [34, 24], [22, 24], [22, 14]);
  await page.keyboard.press('a');
  await drag([28, 19], [28, 26]);
  const { moves } = await save();
  assert.deepEqual(moves[0].pixels, those((x, y) => x > 4 && x < 12 && y > 4 && y < 10));
  assert.deepEqual(moves[1].pixels, those((x, y) => x > 22 && x < 34 && y > 14 && y < 24));
  near(moves[1].points, [[28, 19], [28, 26]]);
  // Tracks run over the picture.
  const shot = () => page.locator('#board').screenshot();
  const still = await shot();
  await page.keyboard.press('p');
  await page.waitForTimeout(700);
  assert.ok(Buffer.compare(still, await shot()) !== 0);
}));

await check('a finger on a phone', () => open(async ({ page, at, save, context }) => {
  const session = await context.newCDPSession(page);
  const touch = (type, place) => session.send('Input.dispatchTouchEvent', {
    type, touchPoints: place ? [{ x: at(...place)[0], y: at(...place)[1] }] : [],
  });
  const finger = async (...places) => {
    await touch('touchStart', places[0]);
    for (const place of places.slice(1)) await touch('touchMove', place);
    await touch('touchEnd');
  };
  await slider(page, 'size', 8);
  await finger([10, 10], [18, 10]);
  await page.getByRole('button', { name: 'Arrow', exact: true }).click();
  await finger([12, 10], [20, 10], [28, 10]);
  const { moves } = await save();
  assert.deepEqual(moves[0].pixels, those((x, y) => Math.hypot(x - Math.min(18, Math.max(10, x)), y - 10) <= 4));
  near(moves[0].points, [[12, 10], [28, 10]]);
  // Everything is on the screen.
  for (const button of await page.locator('button').all()) {
    const { x, y, width, height } = await button.boundingBox();
    assert.ok(x >= 0 && y >= 0 && x + width <= 390 && y + height <= 844 && height >= 44, await button.textContent());
  }
}, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }));

await check('keys alone', () => open(async ({ page, save }) => {
  await page.locator('#board').focus();
  await slider(page, 'size', 1);
  await page.locator('#board').focus();
  const press = async (key, times) => { for (let i = 0; i < times; i += 1) await page.keyboard.press(key); };
  // The cross begins in the middle, at (20.5, 15.5).
  await press('ArrowLeft', 2);
  await press(' ', 1);
  await press('ArrowDown', 1);
  await press(' ', 1);
  await press('a', 1);
  await press(' ', 1);
  await press('Shift+ArrowRight', 1);
  await press(' ', 1);
  await press('Enter', 1);
  const { moves } = await save();
  assert.deepEqual(moves[0].pixels, [15 * W + 18, 16 * W + 18]);
  near(moves[0].points, [[18.5, 16.5], [28.5, 16.5]], 0.01);
}));

server.close();
end();
