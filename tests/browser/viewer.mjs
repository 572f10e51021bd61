// The engine in Chromium: `node viewer.mjs BACKEND FOLDER [DECODER]`. DECODER `element`: as in a browser without WebCodecs; `rgb`: as where
// decoded frames are on the GPU and only the browser can read them. Reads FOLDER/job.json, writes images (raw RGBA) to FOLDER and prints
// what happened as JSON.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { dist, launch, serve, web } from './harness.mjs';

const [backend, folder, decoder] = process.argv.slice(2);
const job = JSON.parse(await readFile(join(folder, 'job.json')));
const engine = join(folder, `engine-${backend}.js`);
execFileSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'ts/engine/index.ts'), '--bundle', '--format=esm', `--outfile=${engine}`,
  '--log-level=warning']);
const server = await serve({
  '/': ['text/html', '<!doctype html><title>engine</title><div id="box"><canvas id="canvas" class="kept"></canvas></div>'],
  '/favicon.ico': ['image/x-icon', ''],
  '/engine.js': ['text/javascript', await readFile(engine)],
  '/job.json': ['application/json', JSON.stringify(job)],
  ...Object.fromEntries(await Promise.all(job.files.map(async (file) => [`/${file}`, ['model/gltf-binary', await readFile(join(folder, file))]]))),
}, dist);
const browser = await launch();
const page = await browser.newPage();
const complaints = [];
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
await page.exposeFunction('keep', (name, base64) => writeFile(join(folder, `${backend}-${name}.rgba`), Buffer.from(base64, 'base64')));
if (decoder === 'element') await page.addInitScript(() => { delete globalThis.VideoDecoder; });
if (decoder === 'rgb') await page.addInitScript(() => { Object.defineProperty(VideoFrame.prototype, 'format', { value: null }); });
await page.addInitScript(hold);
await page.goto(server.url);
const result = await page.evaluate(run, { backend, job, decoder });
await browser.close();
server.close();
console.log(JSON.stringify({ ...result, complaints }));

/** Runs in the page before anything else: keeps references to the memory of wasm and to the latest GPU device. */
function hold() {
  globalThis.held = {};
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const result = await instantiate.apply(WebAssembly, given);
      held.memory = (result.instance ?? result).exports.memory;
      return result;
    };
  }
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...given) { return held.device = await requestDevice.apply(this, given); };
}

/** Runs in the page. */
async function run({ backend, job, decoder }) {
  const { Engine } = await import('/engine.js');
  const [width, height] = job.size;
  const bytes = async (file) => new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());
  const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const open = async (on) => {
    const box = document.getElementById('box');
    box.innerHTML = '<canvas id="canvas" class="kept"></canvas>';
    const engine = await Engine.open(box.firstChild, { backend, base: new URL('/', location), loopMemory: job.loopMemory }, on);
    engine.sway = false;
    engine.pause();
    engine.resize(width, height);
    return engine;
  };
  const until = async (what, condition) => {
    const start = performance.now();
    while (!condition()) {
      if (performance.now() - start > 60_000) throw new Error(`waited for ${what}`);
      await next();
    }
  };
  const picture = async (engine) => {
    const pixels = engine.readPixels();
    engine.advance(0.001);
    engine.draw();
    return (await pixels).data;
  };
  const keep = async (name, pixels) => {
    let text = '';
    for (let i = 0; i < pixels.length; i += 32768) text += String.fromCharCode(...pixels.subarray(i, i + 32768));
    await window.keep(name, btoa(text));
  };

  const events = [];
  const codes = {};
  const engine = await open((event) => {
    events.push(event.kind);
    if (event.kind === 'error') codes.event = [event.error.code, event.error.message];
    if (event.kind === 'head') codes.info = event.info;
  });
  const scene = await bytes(job.files[0]);
  // Up to the first byte of video: the scene does not move.
  for (let at = 0; at < job.stillBytes; at += 5000) engine.push(scene.subarray(at, Math.min(at + 5000, job.stillBytes)));
  await until('the static scene', () => events.includes('static'));
  await keep('still', await picture(engine));
  engine.push(scene.subarray(job.stillBytes));
  engine.finish();
  await until('motion', () => events.includes('motion'));

  for (const [index, { camera, time }] of job.shots.entries()) {
    engine.camera = camera;
    engine.time = time;
    await until(`frames at ${time}`, () => { engine.advance(0.001); return engine.isReady; });
    await keep(`shot-${index}`, await picture(engine));
  }
  const statistics = engine.statistics();

  // How much the image changes from each frame to the next, around the loop.
  engine.camera = job.shots[0].camera;
  const pictures = [];
  for (let frame = 0; frame < codes.info.frames; frame++) {
    engine.time = frame;
    await until(`frame ${frame}`, () => { engine.advance(0.001); return engine.isReady; });
    pictures.push(await picture(engine));
  }
  const steps = pictures.map((pixels, frame) => {
    const before = pictures.at(frame - 1);
    return pixels.reduce((sum, value, i) => sum + Math.abs(value - before[i]), 0) / pixels.length;
  });

  // Playing moves, pausing stops, and time passes the seam by itself.
  engine.resetCamera();
  engine.speed = 1;
  const stopped = [await picture(engine), await picture(engine)];
  const same = (a, b) => a.every((value, i) => value === b[i]);
  const isStill = same(...stopped);
  engine.time = codes.info.frames - 0.5;
  engine.play();
  engine.advance(1 / codes.info.fps);
  const seam = engine.time;
  engine.pause();
  engine.reverse = true;
  engine.play();
  engine.advance(1 / codes.info.fps);
  const back = engine.time;
  engine.pause();
  engine.reverse = false;

  // A lost GPU returns as a new canvas with the same image, as often as it is lost, and nothing is leaked.
  const recovered = { heap: [], gpuBytes: [] };
  engine.camera = job.shots[0].camera;
  engine.time = job.shots[0].time;
  for (let losses = 1; losses <= job.losses; losses++) {
    const count = (kind) => events.filter((event) => event === kind).length;
    if (backend === 'webgl2') engine.canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext();
    else held.device.destroy();
    await until('the loss', () => { engine.advance(0.001); return count('lost') === losses; });
    await until('the return', () => count('restored') === losses);
    await until('frames again', () => { engine.advance(0.001); return engine.isReady; });
    await keep('restored', await picture(engine));
    recovered.heap.push(held.memory.buffer.byteLength);
    recovered.gpuBytes.push(engine.statistics().gpuBytes);
  }
  recovered.isAttached = engine.canvas.isConnected && engine.canvas.className === 'kept';
  const rendered = engine.statistics();
  engine.dispose();

  // A GPU that cannot read blocks: the scene does not move and the reason is reported.
  const unread = {};
  if (decoder === 'blocks' && backend === 'webgpu') {
    const { has } = GPUSupportedFeatures.prototype;
    GPUSupportedFeatures.prototype.has = function (name) { return !name.startsWith('texture-compression') && has.call(this, name); };
    const engine = await open((event) => { unread[event.kind] = event.why ?? true; });
    engine.push(scene);
    await until('the static scene without blocks', () => unread.static && unread['no-motion']);
    await keep('unread', await picture(engine));
    engine.dispose();
    GPUSupportedFeatures.prototype.has = has;
  }

  // Bytes that are not a whole package.
  const refused = {};
  for (const [name, cut, at, value] of job.broken) {
    const bad = name === 'html' ? new TextEncoder().encode('<!doctype html><title>404</title>') : (await bytes(name === 'newer' ? 'newer.glb' : job.files[0])).slice(0, cut ?? undefined);
    if (at !== undefined) bad[at] ^= value;
    const engine = await open(() => {});
    try {
      engine.push(bad);
      engine.finish();
      refused[name] = ['none', ''];
    } catch (error) {
      refused[name] = [error.code, error.message];
    }
    engine.dispose();
  }
  return { events, codes, statistics, steps, rendered, isStill, seam, back, recovered, unread, refused };
}
