// Pages with the element and a fake engine, and what the tests do with them; shared by element.mjs and element_life.mjs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFake } from './bundle_fake.mjs';
import { launch, serve, slowDown } from './harness.mjs';
import { end, PATIENCE_MS, until } from './support.mjs';

const folder = await mkdtemp(join(tmpdir(), 'loop3d-element-'));
await bundleFake(folder);
const scene = (words = '') => `loop3d-fake ${words}`;
const html = (body) => `<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><link rel=stylesheet href=/page.css>
  <script type=module src=/loop3d.js></script><body>${body}`;
export const full = 'src=/scene.glb camera-controls controls interaction-prompt=none touch-action=none';
/** Sends the scene at once, and the bytes after it when the test calls `endSlow`. */
export let endSlow;
const slow = (request, response) => {
  response.writeHead(200, { 'content-type': 'model/gltf-binary', 'content-length': 4000 });
  response.write(scene());
  endSlow = () => response.end(Buffer.alloc(4000 - scene().length, 32));
};
let [packaged, held, asked] = [Buffer.alloc(0), 0, 0];
/** Ends the response of /package.glb. */
export let sendRest;
/** What /package.glb has, and how many of its last bytes wait for `sendRest`. */
export const sendPackage = (bytes, last) => ([packaged, held, asked] = [bytes, last, 0]);
export const packageRequests = () => asked;
const inTwo = (request, response) => {
  asked += 1;
  response.writeHead(200, { 'content-type': 'model/gltf-binary', 'content-length': packaged.length, 'content-security-policy': CSP });
  response.write(packaged.subarray(0, packaged.length - held));
  sendRest = () => response.end(packaged.subarray(packaged.length - held));
};
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; style-src 'self'";
const text = {
  '/page.css': 'body{margin:0} loop-3d{width:640px} .far{height:3000px} .gap{height:300px} .all{width:100vw;height:100vh;display:block}',
  '/scene.glb': scene(), '/slow.glb': slow, '/package.glb': inTwo,
  '/favicon.ico': '',
  '/page-in-its-place.glb': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>hello'),
  '/broken.glb': (_, response) => response.writeHead(503).end('no'),
  '/text.glb': 'this is no scene at all', '/still.glb': scene('still'),
  '/one': html(`<loop-3d id=a ${full} alt="A test wall"></loop-3d>`),
  '/plays': html(`<loop-3d id=a ${full} autoplay></loop-3d>`),
  '/two': html(`<loop-3d id=a ${full} autoplay loading=eager></loop-3d><div class=far></div><loop-3d id=b ${full} autoplay loading=lazy></loop-3d>`),
  '/many': html([...'abcdefghij'].map((id) => `<loop-3d id=${id} src=/scene.glb camera-controls autoplay loading=lazy></loop-3d><div class=gap></div>`).join('')),
  '/sways': html(`<loop-3d id=a ${full} sway autoplay></loop-3d>`),
  '/hovers': html(`<loop-3d id=a ${full} hover></loop-3d>`),
  '/gyro': html(`<loop-3d id=a ${full} gyro></loop-3d>`),
  '/share': html(`<loop-3d id=a ${full} share autoplay></loop-3d>`),
  '/scrolls': html(`<loop-3d id=a src=/scene.glb camera-controls></loop-3d><div class=far></div>`),
  '/interaction': html(`<loop-3d id=a ${full} reveal=interaction></loop-3d>`),
  '/slow': html(`<loop-3d id=a ${full.replace('scene', 'slow')} autoplay></loop-3d>`),
  '/whole': html(`<loop-3d id=a class=all ${full}></loop-3d>`),
  '/bare': html(''),
};
for (const word of ['corrupt', 'truncated', 'newer-version', 'too-large', 'decoder', 'lost', 'memory']) text[`/${word}.glb`] = scene(word);
const type = (path) => (path.endsWith('.css') ? 'text/css' : path.endsWith('.glb') ? 'model/gltf-binary' : 'text/html');
const routes = Object.fromEntries(Object.entries(text).map(([path, body]) => [path, typeof body === 'function' ? body : [type(path), body]]));
const server = await serve(routes, folder, { 'content-security-policy': CSP });
const browser = await launch();
/** The part of the element above the bar. */
export const picture = { x: 0, y: 0, width: 600, height: 280 };

/**
 * Opens a page and collects what it logs; `use` gets both once the element `a` shows its scene. Its clock is paused: frames are drawn and timers run
 * only in `run`, so that no check depends on how fast the machine is.
 */
export async function open(path, use, { setUp, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.clock.install({ time: 0 });
  await context.clock.pauseAt(1000);
  const page = await context.newPage();
  await slowDown(page);
  if (setUp) await page.addInitScript(setUp);
  const said = [];
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
  try {
    await page.goto(server.url + path.slice(1));
    const isThere = (stage) => stage === document.getElementById('a').stage || document.getElementById('a').reveal !== 'auto';
    if (path !== '/bare') await wait(page, isThere, path === '/slow' ? 'static' : 'motion');
    await rest(page);
    await use(page, said, context);
  } finally {
    await context.close();
  }
}
export const state = (page, id = 'a') => page.evaluate((name) => {
  const { camera, currentTime, paused, speed, stage } = document.getElementById(name);
  return { camera, currentTime, paused, speed, stage, draws: FakeEngine.draws, alive: FakeEngine.alive };
}, id);
/** Lets this many milliseconds of the page's time pass, with a frame every 16 ms. */
export const run = (page, ms) => page.clock.runFor(ms);
/** Waits until everything done so far is drawn, and the next press is not a double press. */
export const rest = (page) => run(page, 400);
/** Waits until the browser, whose own time continues, has reported to all elements where they are on the screen. */
export const placed = (page) => page.evaluate(() => new Promise((done) => {
  new IntersectionObserver((_, observer) => done(observer.disconnect())).observe(document.body);
}));
/** Lets the page's time pass until a question to the page is answered with true. */
export const wait = (page, question, argument) => until(String(question), () => page.evaluate(question, argument), () => run(page, 50));
export async function drag(page, from, to, button = 'left') {
  await page.mouse.move(...from);
  await page.mouse.down({ button });
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up({ button });
  await rest(page);
}

export const phone = { viewport: { width: 412, height: 800 }, deviceScaleFactor: 2.625, hasTouch: true, isMobile: true };
export const touches = async (page, context, steps) => {
  const session = await context.newCDPSession(page);
  for (const [type, ...points] of steps) {
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  }
  await rest(page);
};

/** Records these events of `a` from now on. */
export const listen = (page, types) => page.evaluate((names) => {
  globalThis.recorded = [];
  for (const name of names) document.getElementById('a').addEventListener(name, () => recorded.push(name));
}, types);

/** Reports a tilt of the phone, with the angles of a DeviceOrientationEvent. */
export const tilt = (page, alpha, beta, gamma) => page.evaluate((angles) => window.dispatchEvent(new DeviceOrientationEvent('deviceorientation', angles)), { alpha, beta, gamma });

/** Ends the browser, the server and the program. */
export async function finish() {
  await browser.close();
  server.close();
  await rm(folder, { recursive: true });
  end();
}
