// The viewer beside the original project's viewer, in one Chromium: `node side_by_side.mjs PACKAGE FOLDER [ROUNDS] [PICTURES] [SCREENSHOTS]`.
// PACKAGE and FOLDER (`loop3d export --format videoloop3d`) are the same scene. All sides draw the same camera path on canvases of the same
// size, in real time and as fast as they can, in turns. A frame counts until the GPU has finished it. Prints JSON: bytes over the wire,
// milliseconds per frame in each round, and how much the images of one moment differ.
import { readFile, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants } from 'node:zlib';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dist, launch, serve, web } from './harness.mjs';
import { difference } from './support.mjs';

const [file, folder, rounds = '5', pictures = '200', screenshots] = process.argv.slice(2);
const size = [1280, 720];
/** Images of the same scene differ by a few grey values, since video is lossy and ours blends linear texels; another scene differs by tens. */
const MOST_DIFFERENCE = 6;

const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(join(web, 'package.json'))('esbuild');
const bundled = await esbuild.build({
  entryPoints: [join(here, 'original_way.js')], bundle: true, format: 'esm', minify: true, legalComments: 'none', write: false,
});
const canvas = ['text/html', '<!doctype html><style>body{margin:0}canvas{display:block}</style><canvas id=canvas width=1280 height=720></canvas>'];
const pages = {
  '/': canvas,
  '/favicon.ico': ['image/x-icon', ''],
  '/original_way.js': ['text/javascript', bundled.outputFiles[0].text],
  '/scene.glb': ['model/gltf-binary', await readFile(file)],
};
for (const name of ['geometry.obj', 'meta.json', 'static.png']) pages[`/folder/${name}`] = ['application/octet-stream', await readFile(join(folder, name))];
const { frame_count: frames } = JSON.parse(pages['/folder/meta.json'][1]);
for (let i = 0; i < frames; i += 1) {
  const name = `dynamic/${String(i).padStart(4, '0')}.png`;
  pages[`/folder/${name}`] = ['image/png', await readFile(join(folder, name))];
}
const server = await serve(pages, dist);

/** Bytes of a file as a good host sends it: text and wasm with brotli at its highest level, images and packages as they are. */
async function wire(path) {
  const body = Buffer.from(pages[path]?.[1] ?? (await readFile(join(dist, path))));
  const isPacked = ['.png', '.glb'].includes(extname(path));
  return isPacked ? body.length : brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }).length;
}

const browser = await launch();

/** Opens a page with one side in it, `globalThis.side`, ready to draw, and counts what it loaded. */
async function open(name, set, argument) {
  const page = await browser.newPage({ viewport: { width: size[0], height: size[1] } });
  page.setDefaultTimeout(600_000);
  page.on('pageerror', (error) => console.error(`${name}: ${error}`));
  const paths = new Set();
  page.on('request', (request) => paths.add(new URL(request.url()).pathname));
  await page.goto(server.url);
  await page.evaluate(set, argument);
  const facts = await page.evaluate(() => ({ gpuBytes: side.gpuBytes(), adapter: side.adapter?.() }));
  let bytes = 0;
  for (const path of paths) if (path !== '/' && path !== '/favicon.ico') bytes += await wire(path);
  return { name, page, bytes, facts, milliseconds: [], missed: 0 };
}

/** Runs in the page. */
async function openTheirs({ size }) {
  const { OriginalWay } = await import('/original_way.js');
  const way = await OriginalWay.open(document.getElementById('canvas'), size, '/folder/');
  globalThis.side = {
    draw: (part, seconds) => way.draw(part.map((value, axis) => value * way.limit[axis]), seconds * way.fps),
    finished: () => way.finished(), gpuBytes: () => way.gpuBytes, missed: () => 0, settle: async () => {},
  };
}

/** Runs in the page. `focus` and `limit` are those of meta.json: what the camera turns around and how far it moves. */
async function openOurs({ backend, size, focus, limit, fps }) {
  // Takes hold of the engine's queue: when its work is done, the frame is.
  let queue;
  if (backend === 'webgpu') {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await requestDevice.call(this, descriptor);
      queue = device.queue;
      return device;
    };
  }
  const { Engine } = await import('/loop3d.js');
  const there = {};
  const motion = new Promise((resolve, reject) => Object.assign(there, { resolve, reject }));
  const on = (event) => {
    if (event.kind === 'motion') there.resolve();
    if (event.kind === 'error') there.reject(event.error);
    if (event.kind === 'no-motion') there.reject(new Error(event.why));
  };
  const engine = await Engine.open(document.getElementById('canvas'), { backend, base: new URL('/', location) }, on);
  engine.sway = false;
  engine.resize(...size);
  const reader = (await fetch('/scene.glb')).body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) engine.push(piece.value);
  engine.finish();
  engine.pause();
  let isThere = false;
  motion.then(() => (isThere = true));
  while (!isThere) {
    engine.advance(1 / 60);
    engine.draw();
    await Promise.race([motion, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
  const look = (part) => (engine.camera = { orbit: part.map((value, axis) => Math.atan((value * limit[axis]) / focus)), pan: [0, 0], zoom: 0 });
  let last = 0;
  globalThis.side = {
    draw: (part, seconds) => {
      engine.play();
      look(part);
      engine.advance(Math.max(1e-6, seconds - last));
      last = seconds;
      engine.draw();
    },
    begin: () => (last = 0),
    finished: async () => {
      if (queue) return queue.onSubmittedWorkDone();
      const context = engine.canvas.getContext('webgl2');
      context.readPixels(0, 0, 1, 1, context.RGBA, context.UNSIGNED_BYTE, new Uint8Array(4));
    },
    gpuBytes: () => engine.statistics().gpuBytes,
    adapter: () => engine.statistics().adapter,
    missed: () => engine.statistics().framesMissed,
    // A still image of one moment, completely decoded.
    settle: async (part, seconds) => {
      engine.pause();
      look(part);
      engine.time = seconds * fps;
      do {
        engine.advance(1e-6);
        await new Promise((resolve) => setTimeout(resolve, 10));
      } while (!engine.isReady);
      engine.draw();
    },
  };
}

/** Runs in the page, for at least this many frames and seconds. Returns milliseconds per frame, and the frames that were not there in time. */
async function measure({ pictures, seconds }) {
  const { port1, port2 } = new MessageChannel();
  // The shortest pause that lets the decoder and the compositor work.
  const breathe = () => new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  const missed = side.missed();
  side.begin?.();
  const start = performance.now();
  let drawn = 0;
  for (; drawn < pictures || performance.now() - start < 1000 * seconds; drawn += 1) {
    const angle = (2 * Math.PI * drawn) / pictures;
    side.draw([0.9 * Math.cos(angle), 0.9 * Math.sin(angle)], (performance.now() - start) / 1000);
    await side.finished();
    await breathe();
  }
  return { milliseconds: (performance.now() - start) / drawn, missed: side.missed() - missed };
}

const theirs = await open('original', openTheirs, { size });
const meta = JSON.parse(pages['/folder/meta.json'][1]);
const job = { size, focus: meta.lookat[2], limit: meta.limit, fps: meta.fps };
const sides = [theirs];
for (const backend of ['webgl2', 'webgpu']) sides.push(await open(backend, openOurs, { backend, ...job }));

// The same moment on all sides, to make sure that it is the same scene.
const still = [[0.6, -0.4], 5 / meta.fps];
const alike = {};
const seen = {};
for (const { name, page } of sides) {
  await page.bringToFront();
  const png = await page.evaluate(async (at) => {
    const canvas = () => document.querySelector('canvas');
    await side.settle(...at);
    // In the task that draws, since a canvas may lose its pixels afterwards.
    if (!side.begin) side.draw(...at);
    return canvas().toDataURL('image/png').split(',')[1];
  }, still);
  if (screenshots) await writeFile(join(screenshots, `${basename(file, '.glb')}-${name}.png`), Buffer.from(png, 'base64'));
  seen[name] = await page.evaluate(async (data) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data: rgba } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = '';
    for (let i = 0; i < rgba.length; i += 4) text += String.fromCharCode(Math.round((rgba[i] + rgba[i + 1] + rgba[i + 2]) / 3));
    return btoa(text);
  }, png);
  alike[name] = difference({ grey: Buffer.from(seen[name], 'base64') }, { grey: Buffer.from(seen.original, 'base64') });
  if (alike[name] > MOST_DIFFERENCE) throw new Error(`${name} shows another scene than ${folder}: ${alike[name].toFixed(1)} grey values apart`);
}

for (let round = -1; round < Number(rounds); round += 1) {
  for (const side of sides) {
    await side.page.bringToFront();
    // The first round warms up: the loop plays twice, so that everything that stays on the GPU is there.
    const work = round < 0 ? { pictures: 10, seconds: (2 * frames) / meta.fps } : { pictures: Number(pictures), seconds: 0 };
    const { milliseconds, missed } = await side.page.evaluate(measure, work);
    if (round < 0) continue;
    side.milliseconds.push(milliseconds);
    side.missed += missed;
  }
}
await browser.close();
server.close();
console.log(JSON.stringify({
  size, frames, pictures: Number(pictures), adapter: sides.at(-1).facts.adapter,
  sides: sides.map(({ name, bytes, facts, milliseconds, missed }) => ({ name, bytes, gpu_bytes: facts.gpuBytes, milliseconds, missed, difference: alike[name] })),
}, null, 1));
