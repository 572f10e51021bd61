// The element with a fake engine: attributes, gestures, errors, and the page around it. `node element.mjs`
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFake } from './bundle_fake.mjs';
import { launch, serve, slowDown } from './harness.mjs';
import { check, difference, end, growth, look, PATIENCE_MS, shift, until } from './support.mjs';

const folder = await mkdtemp(join(tmpdir(), 'loop3d-element-'));
await bundleFake(folder);
const scene = (words = '') => `loop3d-fake ${words}`;
const html = (body) => `<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><link rel=stylesheet href=/page.css>
  <script type=module src=/loop3d.js></script><body>${body}`;
const full = 'src=/scene.glb camera-controls controls interaction-prompt=none touch-action=none';
/** Sends the scene at once, and the bytes after it when the test calls `endSlow`. */
let endSlow;
const slow = (request, response) => {
  response.writeHead(200, { 'content-type': 'model/gltf-binary', 'content-length': 4000 });
  response.write(scene());
  endSlow = () => response.end(Buffer.alloc(4000 - scene().length, 32));
};
const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:; style-src 'self'";
const text = {
  '/page.css': 'body{margin:0} loop-3d{width:640px} .far{height:3000px} .gap{height:300px}',
  '/scene.glb': scene(), '/slow.glb': slow,
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
  '/bare': html(''),
};
for (const word of ['corrupt', 'truncated', 'newer-version', 'too-large', 'decoder', 'lost', 'memory']) text[`/${word}.glb`] = scene(word);
const type = (path) => (path.endsWith('.css') ? 'text/css' : path.endsWith('.glb') ? 'model/gltf-binary' : 'text/html');
const routes = Object.fromEntries(Object.entries(text).map(([path, body]) => [path, typeof body === 'function' ? body : [type(path), body]]));
const server = await serve(routes, folder, { 'content-security-policy': CSP });
const browser = await launch();
const picture = { x: 0, y: 0, width: 600, height: 280 };

/**
 * Opens a page and collects what it logs; `use` gets both once the element `a` shows its scene. Its clock is paused: frames are drawn and timers run
 * only in `run`, so that no check depends on how fast the machine is.
 */
async function open(path, use, { setUp, ...options } = {}) {
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
    if (path !== '/bare') await wait(page, isThere, path === '/slow' ? 'still' : 'motion');
    await rest(page);
    await use(page, said, context);
  } finally {
    await context.close();
  }
}
const state = (page, id = 'a') => page.evaluate((name) => {
  const { camera, currentTime, paused, speed, stage } = document.getElementById(name);
  return { camera, currentTime, paused, speed, stage, draws: FakeEngine.draws, alive: FakeEngine.alive };
}, id);
/** Lets this many milliseconds of the page's time pass, with a frame every 16 ms. */
const run = (page, ms) => page.clock.runFor(ms);
/** Waits until everything done so far is drawn, and the next press is not a double press. */
const rest = (page) => run(page, 400);
/** Waits until the browser, whose own time continues, has reported to all elements where they are on the screen. */
const placed = (page) => page.evaluate(() => new Promise((done) => {
  new IntersectionObserver((_, observer) => done(observer.disconnect())).observe(document.body);
}));
/** Lets the page's time pass until a question to the page is answered with true. */
const wait = (page, question, argument) => until(String(question), () => page.evaluate(question, argument), () => run(page, 50));
async function drag(page, from, to, button = 'left') {
  await page.mouse.move(...from);
  await page.mouse.down({ button });
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up({ button });
  await rest(page);
}

await check('a drag to the right moves the image to the right, and a drag down moves it down', () => open('/one', async (page) => {
  const before = await look(page, picture);
  await drag(page, [200, 150], [240, 150]);
  const right = await look(page, picture);
  const moved = shift(before, right);
  assert.ok(moved.x > 8 && Math.abs(moved.y) <= 2, JSON.stringify(moved));
  await drag(page, [200, 150], [200, 180]);
  const down = shift(right, await look(page, picture));
  assert.ok(down.y > 6 && Math.abs(down.x) <= 2, JSON.stringify(down));
}));

await check('another button, or Shift, moves the image and does not orbit', () => open('/one', async (page) => {
  const before = await look(page, picture);
  await drag(page, [200, 150], [236, 150], 'right');
  const moved = shift(before, await look(page, picture));
  assert.ok(Math.abs(moved.x - 36) <= 3, JSON.stringify(moved));
  assert.deepEqual((await state(page)).camera.orbit, [0, 0]);
}));

await check('the wheel enlarges, three notches by half; a double click resets', () => open('/one', async (page) => {
  const before = await look(page, picture);
  await page.mouse.move(320, 180);
  for (let i = 0; i < 3; i += 1) await page.mouse.wheel(0, -100);
  await wait(page, () => document.getElementById('a').camera.zoom > 0.5);
  await rest(page);
  assert.ok(Math.abs(2 ** (await state(page)).camera.zoom - 1.5) < 0.05);
  const middle = { x: 80, y: 80, width: 480, height: 200 };
  const large = await look(page, middle);
  await page.mouse.dblclick(320, 180);
  await rest(page);
  const grown = growth(await look(page, middle), large);
  assert.ok(Math.abs(grown.scale - 1.5) < 0.08, JSON.stringify(grown));
  assert.ok(difference(before, await look(page, picture)) < 0.5);
}));

await check('fully zoomed out, the wheel scrolls the page', () => open('/scrolls', async (page) => {
  await page.mouse.move(320, 180);
  await page.mouse.wheel(0, 200);
  await wait(page, () => scrollY > 100);
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.wheel(0, -100);
  await wait(page, () => document.getElementById('a').camera.zoom > 0);
}));

const phone = { viewport: { width: 412, height: 800 }, deviceScaleFactor: 2.625, hasTouch: true, isMobile: true };
const touches = async (page, context, steps) => {
  const session = await context.newCDPSession(page);
  for (const [type, ...points] of steps) {
    await session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  }
  await rest(page);
};

await check('spreading two fingers enlarges by the same factor; one finger orbits', () => open('/one', async (page, _, context) => {
  await touches(page, context, [['touchStart', [150, 100]], ['touchStart', [150, 100], [250, 100]],
    ['touchMove', [135, 100], [265, 100]], ['touchMove', [120, 100], [280, 100]], ['touchEnd']]);
  const { camera } = await state(page);
  assert.ok(Math.abs(2 ** camera.zoom - 1.6) < 0.03, JSON.stringify(camera));
  assert.ok(Math.abs(camera.pan[0]) < 0.01 && camera.orbit[0] === 0, JSON.stringify(camera));
  await touches(page, context, [['touchStart', [150, 100]], ['touchMove', [180, 100]], ['touchMove', [200, 100]], ['touchEnd']]);
  assert.ok((await state(page)).camera.orbit[0] < -0.05);
}, phone));

await check('moving a finger up or down scrolls the page where touch-action allows it', () => open('/scrolls', async (page, _, context) => {
  const ways = (from, step) => [['touchStart', from], ...Array.from({ length: 12 }, (_, i) => ['touchMove', from.map((at, k) => at + (i + 1) * step[k])]), ['touchEnd']];
  await touches(page, context, ways([200, 180], [0, -10]));
  await wait(page, () => scrollY > 60);
  assert.ok(Math.abs((await state(page)).camera.orbit[1]) < 0.01);
  await page.evaluate(() => scrollTo(0, 0));
  await touches(page, context, ways([250, 100], [-10, 0]));
  assert.ok((await state(page)).camera.orbit[0] > 0.2);
}, phone));

await check('keys do the same as in the window', () => open('/one', async (page) => {
  await page.locator('#a').focus();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'a');
  const press = async (key) => {
    await page.keyboard.press(key);
    await rest(page);
    return state(page);
  };
  assert.equal((await press('Space')).paused, false);
  assert.equal((await press('Space')).paused, true);
  const { currentTime } = await press('ArrowRight');
  assert.ok(Math.abs(currentTime * 24 - Math.round(currentTime * 24)) < 1e-6);
  assert.ok(Math.abs((await press('ArrowRight')).currentTime - currentTime - 1 / 24) < 1e-6);
  assert.ok(Math.abs((await press('ArrowLeft')).currentTime - currentTime) < 1e-6);
  assert.equal((await press(']')).speed, 1.25);
  assert.equal((await press('[')).speed, 1);
  await press('ArrowUp');
  assert.equal(await page.evaluate(() => document.getElementById('a').reverse), true);
  const before = await look(page, picture);
  assert.ok((await press('Shift+ArrowRight')).camera.orbit[0] > 0.01);
  assert.ok(shift(before, await look(page, picture)).x < -4, 'the camera moves right, so things move left');
  assert.ok((await press('+')).camera.zoom > 0.1);
  const camera = (await press('r')).camera;
  assert.deepEqual(camera, { orbit: [0, 0], pan: [0, 0], zoom: 0 });
  await press('h');
  assert.ok(await page.getByRole('dialog', { name: 'Help' }).isVisible());
  await press('Escape');
  assert.equal(await page.getByRole('dialog', { name: 'Help' }).count(), 0);
  await press('i');
  await run(page, 400);
  assert.match(await page.locator('#a').locator('.statistics').innerText(), /WebGL 2, 1 MB/);
}));

await check('it plays; while it is paused no pixel changes and nothing is drawn', () => open('/plays', async (page) => {
  const edge = { x: 610, y: 0, width: 30, height: 300 };
  const first = await look(page, edge);
  await run(page, 200);
  assert.ok(difference(first, await look(page, edge)) > 1);
  await page.evaluate(() => document.getElementById('a').pause());
  await run(page, 3200);
  const [before, drawn] = [await look(page, edge), (await state(page)).draws];
  await run(page, 400);
  assert.equal(difference(before, await look(page, edge)), 0);
  assert.equal((await state(page)).draws, drawn);
}));

await check('the timeline seeks, and playback continues from there', () => open('/plays', async (page) => {
  await page.mouse.move(300, 200);
  const box = await page.locator('#a').getByLabel('Position in the loop').boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  await rest(page);
  const held = (await state(page)).currentTime;
  assert.ok(Math.abs(held - 0.5) < 0.03, String(held));
  await rest(page);
  assert.equal((await state(page)).currentTime, held);
  await page.mouse.up();
  await rest(page);
  const after = await state(page);
  assert.ok(!after.paused && after.currentTime !== held);
}));

/** Records these events of `a` from now on. */
const listen = (page, types) => page.evaluate((names) => {
  globalThis.recorded = [];
  for (const name of names) document.getElementById('a').addEventListener(name, () => recorded.push(name));
}, types);

await check('it stops after its last loop and reports it', () => open('/one', async (page) => {
  await listen(page, ['play', 'pause', 'timeupdate']);
  await page.evaluate(() => Object.assign(document.getElementById('a'), { loops: 1, speed: 4 }).play());
  await wait(page, () => recorded.includes('pause'));
  const recorded = await page.evaluate(() => globalThis.recorded);
  assert.equal(recorded[0], 'play');
  assert.deepEqual(recorded.slice(-2), ['timeupdate', 'pause']);
  assert.equal(recorded.filter((type) => type === 'play').length, 1, recorded.join());
}));

await check('a loop that is over before its first frame is reported as well', () => open('/one', async (page) => {
  await listen(page, ['play', 'pause', 'timeupdate']);
  await page.evaluate(() => {
    const { advance } = FakeEngine.prototype;
    FakeEngine.prototype.advance = function (seconds) {
      return advance.call(this, this.playing ? 2 : seconds);
    };
    Object.assign(document.getElementById('a'), { loops: 1 }).play();
  });
  await wait(page, () => recorded.includes('pause'));
  assert.deepEqual(await page.evaluate(() => globalThis.recorded), ['play', 'timeupdate', 'pause']);
}));

await check('off screen nothing is drawn; two elements run side by side; a removed one frees everything and can return', () => open('/two', async (page) => {
  assert.equal((await state(page)).alive, 1);
  await page.evaluate(() => document.getElementById('b').scrollIntoView());
  await wait(page, () => document.getElementById('b').stage === 'motion');
  assert.equal((await state(page)).alive, 2);
  await placed(page);
  const [a, b] = [await state(page, 'a'), await state(page, 'b')];
  await run(page, 300);
  assert.equal((await state(page, 'a')).currentTime, a.currentTime);
  assert.notEqual((await state(page, 'b')).currentTime, b.currentTime);
  await page.evaluate(() => {
    globalThis.kept = document.getElementById('b');
    kept.remove();
  });
  await rest(page);
  const { draws, alive } = await state(page);
  assert.equal(alive, 1);
  await run(page, 200);
  assert.equal((await state(page)).draws, draws);
  await page.evaluate(() => document.body.append(kept));
  await wait(page, () => document.getElementById('b').stage === 'motion');
  assert.equal((await state(page, 'b')).alive, 2);
}));

await check('far from the screen engines are freed, and a scene that returns continues where it was', () => open('/many', async (page) => {
  const camera = { orbit: [0.1, -0.05], pan: [0.02, 0], zoom: 0.5 };
  await page.evaluate((wanted) => {
    const a = document.getElementById('a');
    a.pause();
    Object.assign(a, { camera: wanted, currentTime: 0.25 });
  }, camera);
  await rest(page);
  const before = await look(page, picture);
  await listen(page, ['poster', 'still', 'motion', 'load', 'progress', 'play', 'pause', 'camera-change', 'error']);
  const held = [];
  for (const id of 'bcdefghij') {
    await page.evaluate((name) => document.getElementById(name).scrollIntoView(), id);
    await until(`motion of ${id}`, () => page.evaluate((name) => document.getElementById(name).stage === 'motion', id), () => run(page, 50));
    await placed(page);
    await run(page, 1600);
    held.push(await page.evaluate(() => ({
      alive: FakeEngine.alive, gpuBytes: [...document.querySelectorAll('loop-3d')].reduce((sum, one) => sum + (one.statistics()?.gpuBytes ?? 0), 0),
    })));
  }
  // The elements on the screen, and those in the screen above it.
  assert.ok(Math.max(...held.map(({ alive }) => alive)) <= 3, JSON.stringify(held));
  assert.ok(Math.max(...held.map(({ gpuBytes }) => gpuBytes)) <= 3e6, JSON.stringify(held));
  const gone = await state(page);
  assert.deepEqual([gone.stage, gone.camera, gone.currentTime, gone.paused], ['picture', camera, 0.25, true]);
  assert.equal(await page.evaluate(() => document.getElementById('a').statistics()), undefined);

  // Until the scene is there again, its last image is shown.
  let isAsked = false;
  let answer;
  const answered = new Promise((resolve) => (answer = resolve));
  await page.route('**/scene.glb', async (route) => {
    isAsked = true;
    await answered;
    await route.continue();
  });
  await page.evaluate(() => scrollTo(0, 0));
  await wait(page, () => document.getElementById('a').shadowRoot.querySelector('canvas') !== null);
  assert.ok(difference(before, await look(page, picture)) < 3);
  await page.evaluate(() => document.getElementById('a').seek(0.5));
  await until('a request', async () => isAsked, () => run(page, 50));
  answer();
  await wait(page, () => document.getElementById('a').stage === 'motion');
  await rest(page);
  const back = await state(page);
  assert.deepEqual([back.camera, back.currentTime, back.paused], [camera, 0.5, true]);
  assert.ok(difference(before, await look(page, picture)) < 0.5);
  assert.deepEqual(await page.evaluate(() => recorded), []);
}));

await check('a hidden tab draws nothing', () => open('/plays', async (page) => {
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  const { draws } = await state(page);
  await run(page, 250);
  assert.equal((await state(page)).draws, draws);
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await run(page, 200);
  assert.ok((await state(page)).draws > draws);
}));

await check('with reduced motion it neither plays nor sways by itself', async () => {
  const edge = { x: 0, y: 0, width: 640, height: 300 };
  await open('/sways', async (page) => {
    assert.equal((await state(page)).paused, true);
    const before = await look(page, edge);
    await run(page, 600);
    assert.equal(difference(before, await look(page, edge)), 0);
    await page.evaluate(() => document.getElementById('a').play());
    await rest(page);
    assert.equal((await state(page)).paused, false);
  }, { reducedMotion: 'reduce' });
  await open('/sways', async (page) => {
    const before = await look(page, picture);
    await run(page, 700);
    assert.ok(Math.abs(shift(before, await look(page, picture)).x) > 1);
  });
});

await check('the camera follows the mouse', () => open('/hovers', async (page) => {
  await page.mouse.move(320, 180);
  await run(page, 700);
  const before = await look(page, picture);
  await page.mouse.move(620, 180, { steps: 3 });
  await run(page, 900);
  const moved = shift(before, await look(page, picture), 120);
  assert.ok(moved.x < -20, `the camera moves right, so things move left: ${JSON.stringify(moved)}`);
  await page.mouse.move(700, 500);
  await run(page, 900);
  assert.ok(difference(before, await look(page, picture)) < 1);
}));

const tilt = (page, alpha, beta, gamma) => page.evaluate((angles) => window.dispatchEvent(new DeviceOrientationEvent('deviceorientation', angles)), { alpha, beta, gamma });

await check('the camera follows the tilt of a phone, relative to how it was held at first', () => open('/gyro', async (page) => {
  await tilt(page, 40, 50, 0);
  await run(page, 400);
  const before = await look(page, { x: 0, y: 0, width: 412, height: 200 });
  for (let i = 1; i <= 5; i += 1) await tilt(page, 40, 50, 2 * i);
  await run(page, 900);
  const right = shift(before, await look(page, { x: 0, y: 0, width: 412, height: 200 }), 80);
  // The right edge turns away from the eye: one looks in from the left, and things move to the right.
  assert.ok(right.x > 4 && Math.abs(right.y) < 4, JSON.stringify(right));
  for (let i = 1; i <= 5; i += 1) await tilt(page, 40, 50 - 2 * i, 0);
  await run(page, 900);
  // The upper edge turns away: one looks in from below, and things move up.
  const up = shift(before, await look(page, { x: 0, y: 0, width: 412, height: 200 }), 80);
  assert.ok(up.y < -4 && Math.abs(up.x) < 4, JSON.stringify(up));
}, { ...phone, setUp: () => delete DeviceOrientationEvent.requestPermission }));

await check('where a phone requires permission, a button asks for it', () => open('/bare', async (page) => {
  await page.evaluate(() => {
    globalThis.asked = 0;
    // As on iOS: only during a press.
    DeviceOrientationEvent.requestPermission = async () => {
      asked += 1;
      if (asked === 1) throw new DOMException('a press is needed', 'NotAllowedError');
      return 'granted';
    };
    document.body.innerHTML = '<loop-3d id=a src=/scene.glb camera-controls gyro></loop-3d>';
  });
  await page.getByRole('button', { name: 'Tilt to look' }).tap();
  await rest(page);
  assert.equal(await page.evaluate(() => asked), 2);
  assert.equal(await page.getByRole('button', { name: 'Tilt to look' }).count(), 0);
  await tilt(page, 0, 45, 0);
  for (let i = 1; i <= 5; i += 1) await tilt(page, 0, 45, 3 * i);
  await run(page, 700);
  assert.match(await page.evaluate(() => document.getElementById('a').shadowRoot.querySelector('.prompt').textContent), /Tilt/);
}, phone));

await check('a shared link restores the camera, the position, the speed and whether it plays', () => open('/share', async (page, _, context) => {
  await page.evaluate(() => Object.assign(document.getElementById('a'), { camera: { orbit: [0.1, -0.05], pan: [0.02, 0], zoom: 0.5 }, speed: 0.5, currentTime: 0.25 }));
  await page.evaluate(() => document.getElementById('a').pause());
  await rest(page);
  const here = await state(page);
  const [before, moment] = [await look(page, picture), here.currentTime];
  await page.mouse.move(300, 200);
  await page.getByRole('button', { name: 'Share this view' }).click();
  await page.getByText('Copied a link').waitFor();
  const url = await page.evaluate(() => navigator.clipboard.readText());
  const other = await context.newPage();
  await other.goto(url);
  await wait(other, () => document.getElementById('a').stage === 'motion');
  await rest(other);
  const there = await state(other);
  assert.deepEqual(there.camera, here.camera);
  assert.ok(Math.abs(there.currentTime - moment) < 1e-3 && there.paused && there.speed === 0.5, JSON.stringify(there));
  assert.ok(difference(before, await look(other, picture)) < 0.5);
}));

await check('the poster stays until it is pressed, and nothing is fetched before that', () => open('/interaction', async (page) => {
  const fetched = [];
  page.on('request', (request) => fetched.push(request.url()));
  await rest(page);
  assert.equal((await state(page)).alive, 0);
  await page.getByRole('button', { name: 'Show the scene' }).click();
  await wait(page, () => document.getElementById('a').stage === 'motion');
  await rest(page);
  assert.equal((await state(page)).paused, false);
  assert.ok(difference(await look(page, picture), { grey: Buffer.alloc(168_000, 17) }) > 20);
}));

await check('a ring fills as bytes arrive', () => open('/slow', async (page) => {
  const ring = page.getByRole('progressbar');
  const part = Number(await ring.getAttribute('aria-valuenow'));
  assert.ok(part < 50, String(part));
  endSlow();
  await wait(page, () => document.getElementById('a').stage === 'motion');
  await wait(page, () => document.getElementById('a').shadowRoot.querySelector('.ring').classList.contains('gone'));
  await until('no ring', async () => (await ring.count()) === 0, () => run(page, 50));
}));

await check('an image of the scene can be saved as a file', () => open('/one', async (page) => {
  const blob = await page.evaluate(async () => {
    const made = await document.getElementById('a').toBlob('image/jpeg', 0.8);
    const { width, height } = await createImageBitmap(made);
    return { type: made.type, size: made.size, width, height };
  });
  assert.ok(blob.type === 'image/jpeg' && blob.size > 2000, JSON.stringify(blob));
  assert.deepEqual([blob.width, blob.height], [640, 360]);
  await page.mouse.move(300, 200);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Screenshot' }).first().click()]);
  assert.equal(download.suggestedFilename(), 'scene.png');
}));

await check('keyboard focus is never lost, and skips elements without controls', () => open('/bare', async (page) => {
  await page.evaluate((attributes) => (document.body.innerHTML = `<loop-3d id=a ${attributes}></loop-3d><loop-3d id=b src=/scene.glb></loop-3d>`), full);
  await wait(page, () => ['a', 'b'].every((id) => document.getElementById(id).stage === 'motion'));
  await page.locator('#a').focus();
  await page.keyboard.press('q');
  const focused = () => page.evaluate(() => document.getElementById('a').shadowRoot.activeElement?.className);
  await page.getByRole('dialog', { name: 'Settings' }).getByRole('slider', { name: 'Speed' }).focus();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.match(await focused(), /stage/);
  assert.deepEqual(await page.evaluate(() => ['a', 'b'].map((id) => document.getElementById(id).shadowRoot.querySelector('.stage').tabIndex)), [0, -1]);
}));

await check('a scene that is loaded behind its poster stays hidden, and so does the bar', () => open('/bare', async (page) => {
  await page.evaluate(() => (document.body.innerHTML = '<loop-3d id=a src=/scene.glb reveal=manual loading=eager controls></loop-3d>'));
  await wait(page, () => document.getElementById('a').stage === 'motion');
  await rest(page);
  const seen = () => page.evaluate(() => ['.bar', '.stage'].map((name) => document.getElementById('a').shadowRoot.querySelector(name).className));
  assert.deepEqual(await seen(), ['bar glass away', 'stage']);
  await page.evaluate(() => document.getElementById('a').dismissPoster());
  await rest(page);
  assert.deepEqual(await seen(), ['bar glass', 'stage drawn']);
}));

await check('a foreign fragment in the address does no harm', () => open('/share#100%', async (page, said) => {
  assert.equal((await state(page)).stage, 'motion');
  assert.deepEqual(said, []);
}));

await check('properties reflect attributes', () => open('/one', async (page) => {
  const found = await page.evaluate(() => {
    const a = document.getElementById('a');
    Object.assign(a, { speed: 2, gyro: true, touchAction: 'pan-x', controls: false });
    const out = [a.getAttribute('speed'), a.hasAttribute('gyro'), a.getAttribute('touch-action'), a.hasAttribute('controls'), a.loops, a.reveal];
    a.setAttribute('speed', 'nonsense');
    return [...out, a.speed, getComputedStyle(a.shadowRoot.querySelector('.stage')).touchAction,
      a.shadowRoot.querySelector('.stage').getAttribute('aria-label'), a.shadowRoot.querySelector('.stage').getAttribute('role')];
  });
  assert.deepEqual(found, ['2', true, 'pan-x', false, Infinity, 'auto', 1, 'pan-x',
    'A test wall. Shift and arrow keys look around, plus and minus zoom.', 'img']);
}));

await check('properties that were set before the script ran are kept', () => open('/bare', async (page) => {
  const found = await page.evaluate(async () => {
    const early = document.createElement('loop-3d-later');
    Object.assign(early, { src: '/scene.glb', speed: 2, controls: true });
    document.body.append(early);
    customElements.define('loop-3d-later', class extends customElements.get('loop-3d') {});
    return [early.getAttribute('src'), early.getAttribute('speed'), early.hasAttribute('controls'), Object.hasOwn(early, 'src')];
  });
  assert.deepEqual(found, ['/scene.glb', '2', true, false]);
}));

const failing = async (src, words, before = '') => open('/bare', async (page) => {
  await page.evaluate(([address, script]) => {
    if (script === 'no-gpu') globalThis.noGpu = true;
    const a = document.createElement('loop-3d');
    a.addEventListener('error', ({ detail }) => (globalThis.failure = detail));
    Object.assign(a, { id: 'a', src: address, controls: true });
    document.body.append(a);
  }, [src, before]);
  await wait(page, () => globalThis.failure !== undefined);
  const { code, title } = await page.evaluate(() => failure);
  assert.match(`${code}: ${title}`, words);
  await rest(page);
  const shown = await page.locator('#a').evaluate((a) => ({
    message: a.shadowRoot.querySelector('.message').innerText, note: a.shadowRoot.querySelector('.note').innerText, stage: a.stage }));
  // The message is shown instead of the scene, or over the part of the scene that arrived.
  assert.ok(shown.message.includes(title) || (shown.note.includes(title) && shown.stage !== 'empty'), JSON.stringify(shown));
});
for (const [src, words, script] of [
  ['/missing.glb', /not-found: There is no scene at this address/], ['/broken.glb', /server: /], ['/page-in-its-place.glb', /not-a-scene: This is not a 3D loop/],
  ['/text.glb', /not-a-scene/], ['/corrupt.glb', /corrupt: The scene is damaged/], ['/truncated.glb', /truncated: The scene ends too early/],
  ['/newer-version.glb', /newer-version: .*newer/], ['/too-large.glb', /too-large/], ['/decoder.glb', /decoder: The video/],
  ['/lost.glb', /lost: The graphics chip/], ['/memory.glb', /out-of-memory: .*too little memory/], ['/scene.glb', /no-gpu: This browser cannot draw/, 'no-gpu'],
  ['http://127.0.0.1:1/x.glb', /not-allowed|network/], ['http://:', /not-found/],
]) {
  await check(`${script ?? src}: an event, and a message in the element`, () => failing(src, words, script));
}

await check('after an error "Try again" loads the scene', () => open('/bare', async (page) => {
  await page.evaluate(() => (document.body.innerHTML = '<loop-3d id=a src=/missing.glb></loop-3d>'));
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await page.route('**/missing.glb', (route) => route.fulfill({ body: 'loop3d-fake', contentType: 'model/gltf-binary' }));
  await page.getByRole('button', { name: 'Try again' }).click();
  await wait(page, () => document.getElementById('a').stage === 'motion');
  assert.equal(await page.getByRole('alert').count(), 0);
}));

await check('a scene that cannot move says why', () => open('/bare', async (page) => {
  await page.evaluate(() => (document.body.innerHTML = '<loop-3d id=a src=/still.glb controls></loop-3d>'));
  await page.getByText('there is no decoder').waitFor();
}));

await check('under a strict content security policy nothing is refused', () => open('/share', async (page, said) => {
  await page.mouse.move(300, 200);
  await page.locator('#a').focus();
  for (const key of ['h', 'q', 'i', 's']) await page.keyboard.press(key);
  await run(page, 500);
  assert.deepEqual(said, []);
}));

await browser.close();
server.close();
await rm(folder, { recursive: true });
end();
