// What a package costs in Chromium: `node measure.mjs BACKEND PACKAGE [SECONDS] [SCREENSHOT]`. Prints bytes and milliseconds until
// each event, milliseconds to decode and upload a frame while nothing is drawn, frames per second, and the engine's statistics. Draws
// without a pause. Times mean little with a software GPU.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dist, launch, serve, web } from './harness.mjs';

const [backend, file, seconds = '10', screenshot] = process.argv.slice(2);
const bundle = join(tmpdir(), `loop3d-engine-${process.pid}.js`);
execFileSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'ts/engine/index.ts'), '--bundle', '--format=esm', `--outfile=${bundle}`,
  '--log-level=warning']);
const server = await serve({
  '/': ['text/html', '<!doctype html><style>body{margin:0}</style><canvas id="canvas"></canvas>'],
  '/engine.js': ['text/javascript', await readFile(bundle)],
  '/scene.glb': ['model/gltf-binary', await readFile(file)],
}, dist);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
page.on('pageerror', (error) => console.error(String(error)));
await page.goto(server.url);
const result = await page.evaluate(async ({ backend, seconds }) => {
  const { Engine } = await import('/engine.js');
  // The time per frame over all frames that there is room for, without drawing. The first frame is left out, since it includes the set-up.
  const bytes = new Uint8Array(await (await fetch('/scene.glb')).arrayBuffer());
  const frameMs = async () => {
    const canvas = document.body.appendChild(document.createElement('canvas'));
    const engine = await Engine.open(canvas, { backend, base: new URL('/', location) }, () => {});
    engine.push(bytes);
    const seen = [];
    for (let quiet = 0; quiet < 150; quiet += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      const { decodedFrames } = engine.statistics();
      if (decodedFrames > (seen.at(-1)?.[0] ?? 0)) quiet = seen.push([decodedFrames, performance.now()]) && 0;
    }
    engine.dispose();
    engine.canvas.remove();
    const [[from, begun], [to, ended]] = [seen[0], seen.at(-1)];
    return { frames: to, ms: (ended - begun) / Math.max(1, to - from) };
  };
  const decoding = await frameMs();
  const start = performance.now();
  const events = [];
  let received = 0;
  const on = (event) => events.push({ kind: event.kind, bytes: received, ms: Math.round(performance.now() - start), why: event.why ?? event.error?.message });
  const engine = await Engine.open(document.getElementById('canvas'), { backend, base: new URL('/', location) }, on);
  engine.resize(1280, 720);
  // In pieces, as from a network; the task between pieces lets the browser decode.
  const feed = async () => {
    for (; received < bytes.length;) {
      const piece = bytes.subarray(received, received + 16384);
      received += piece.length;
      engine.push(piece);
      await new Promise((resolve) => setTimeout(resolve));
    }
    engine.finish();
  };
  await feed();
  engine.play();
  let [frames, last] = [0, performance.now()];
  const end = last + 1000 * seconds;
  while (performance.now() < end) {
    const now = await new Promise((resolve) => requestAnimationFrame(resolve));
    engine.advance(Math.max(0, now - last) / 1000);
    engine.draw();
    // The GPU's work counts as part of the frame.
    frames += 1;
    last = now;
  }
  const perSecond = frames / seconds;
  return { events, decoding, perSecond, statistics: engine.statistics(), heap: performance.memory?.usedJSHeapSize };
}, { backend, seconds: Number(seconds) });
console.log(JSON.stringify(result, null, 1));
if (screenshot) await page.screenshot({ path: screenshot });
await browser.close();
server.close();
