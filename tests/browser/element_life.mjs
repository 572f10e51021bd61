// The element in its page, on a fake engine: loading and releasing, sharing, attributes, errors, policy. `node element_life.mjs`
import assert from 'node:assert/strict';
import { endSlow, finish, full, listen, open, packageRequests, picture, placed, rest, run, sendPackage, sendRest, state, wait } from './element_page.mjs';
import { check, difference, look, shift, until } from './support.mjs';

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
  await listen(page, ['poster', 'static', 'motion', 'load', 'progress', 'play', 'pause', 'camera-change', 'error']);
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
  assert.deepEqual([gone.stage, gone.camera, gone.currentTime, gone.paused], ['poster', camera, 0.25, true]);
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
    // A button says that it could.
    await page.locator('#a').locator('.start').and(page.getByRole('button', { name: 'Play', exact: true })).click();
    await rest(page);
    assert.equal((await state(page)).paused, false);
    assert.equal(await page.locator('#a').locator('.start').isVisible(), false);
    await page.evaluate(() => document.getElementById('a').pause());
    await rest(page);
    assert.equal(await page.locator('#a').locator('.start').isVisible(), false);
  }, { reducedMotion: 'reduce' });
  await open('/sways', async (page) => {
    const before = await look(page, picture);
    await run(page, 700);
    assert.ok(Math.abs(shift(before, await look(page, picture)).x) > 1);
  });
});

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

/** Opens a page whose scene is a package with a red preview, of which the server sends the rest only at `sendRest`. */
const withPreview = (script, use) => open('/bare', async (page) => {
  const bytes = Buffer.from(await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext('2d');
    context.fillStyle = 'red';
    context.fillRect(0, 0, 64, 36);
    const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer());
    const scene = { reference: { width: 320, height: 180 }, parts: [{ offset: 32, length: 8 }, { offset: 40, length: jpeg.length }], picture: 1 };
    const json = new TextEncoder().encode(JSON.stringify({ extensions: { LOOP3D_scene: scene } }));
    const file = new Uint8Array(20 + json.length + 8 + 40 + jpeg.length + 1000);
    const view = new DataView(file.buffer);
    [0x46546c67, 2, file.length, json.length, 0x4e4f534a].forEach((value, i) => view.setUint32(4 * i, value, true));
    file.set(json, 20);
    file.set(jpeg, 28 + json.length + 40);
    return Array.from(file);
  }));
  sendPackage(bytes, 1000);
  await page.evaluate((before) => {
    new Function(before)();
    globalThis.events = [];
    document.body.innerHTML = '<loop-3d id=a src=/package.glb controls></loop-3d>';
    for (const type of ['poster', 'static', 'error']) document.getElementById('a').addEventListener(type, () => events.push(type));
  }, script);
  await wait(page, () => events.length > 0);
  await use(page);
});

/** The color of the element, away from what is in its middle. */
const colors = async (page) => {
  const box = await page.locator('#a').boundingBox();
  const png = (await page.screenshot({ clip: { x: box.x + box.width / 4, y: box.y + box.height / 4, width: 4, height: 4 }, animations: 'disabled' })).toString('base64');
  return page.evaluate(async (data) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))], { type: 'image/png' }));
    const context = new OffscreenCanvas(4, 4).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    return Array.from(context.getImageData(1, 1, 1, 1).data.slice(0, 3));
  }, png);
};

await check('the preview shows as soon as its bytes are there, before the engine is; no byte is fetched twice', () =>
  withPreview('globalThis.slowEngine = new Promise((open) => (globalThis.openEngine = open))', async (page) => {
    assert.deepEqual(await page.evaluate(() => events), ['poster']);
    assert.equal(await page.evaluate(() => [document.getElementById('a').stage, FakeEngine.alive].join()), 'poster,0');
    const [r, g, b] = await colors(page);
    assert.ok(r > 240 && g < 20 && b < 20, `${r} ${g} ${b}`);
    const { width, height } = await page.locator('#a').boundingBox();
    assert.ok(Math.abs(width / height - 16 / 9) < 0.01, `${width}×${height}`);
    await page.evaluate(() => openEngine());
    await wait(page, () => document.getElementById('a').stage === 'static');
    sendRest();
    await wait(page, () => document.getElementById('a').stage === 'motion');
    assert.equal(packageRequests(), 1);
  }));

await check('without a GPU the preview stays, with one line that says why it stands still', () => withPreview('globalThis.noGpu = true', async (page) => {
  await wait(page, () => events.includes('error'));
  await rest(page);
  const [r, g, b] = await colors(page);
  assert.ok(r > 240 && g < 20 && b < 20, `${r} ${g} ${b}`);
  const shown = await page.locator('#a').evaluate((a) => [a.shadowRoot.querySelector('.message').hidden, a.shadowRoot.querySelector('.note').textContent]);
  assert.deepEqual(shown, [true, 'This browser cannot draw the scene: it needs WebGPU or WebGL 2.']);
}));

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

await finish();
