// What a person does with the element, on a fake engine: gestures, keys, playback, hover and tilt. `node element.mjs`
import assert from 'node:assert/strict';
import { drag, finish, listen, open, phone, picture, rest, run, state, tilt, touches, wait } from './element_page.mjs';
import { check, difference, growth, look, shift } from './support.mjs';

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

await check('an upright phone can see all of a wide scene, and remembers that', () => open('/whole', async (page) => {
  const zoom = async () => { await rest(page); return (await state(page)).camera.zoom; };
  const least = Math.log2((390 / 320) / (844 / 180));
  assert.equal(await zoom(), 0);
  await page.locator('#a').focus();
  await page.keyboard.press('w');
  assert.ok(Math.abs(await zoom() - least) < 1e-3, `${await zoom()}`);
  await page.reload();
  await wait(page, () => document.getElementById('a').stage === 'motion');
  assert.ok(Math.abs(await zoom() - least) < 1e-3, `${await zoom()}`);
  await page.mouse.move(200, 400);
  await page.locator('#a').getByRole('button', { name: 'Fill the window (W)' }).click();
  assert.equal(await zoom(), 0);
  assert.equal(await page.locator('#a').getByRole('button', { name: 'Show all of it (W)' }).count(), 1);
}, { viewport: { width: 390, height: 844 } }));

await check('fully zoomed out, the wheel scrolls the page', () => open('/scrolls', async (page) => {
  await page.mouse.move(320, 180);
  await page.mouse.wheel(0, 200);
  await wait(page, () => scrollY > 100);
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.wheel(0, -100);
  await wait(page, () => document.getElementById('a').camera.zoom > 0);
}));

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
  // The page scrolls with these; in full screen there is none.
  const reverse = async () => { await press('ArrowUp'); return page.evaluate(() => document.getElementById('a').reverse); };
  assert.equal(await reverse(), false);
  await press('f');
  await wait(page, () => document.fullscreenElement !== null);
  assert.equal(await reverse(), true);
  await press('f');
  await wait(page, () => document.fullscreenElement === null);
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

await check('the bar has faded, Tab reaches it and brings it back', () => open('/one', async (page) => {
  await page.evaluate(() => { const a = document.getElementById('a'); a.controls = true; a.focus(); });
  const bar = () => page.evaluate(() => {
    const { shadowRoot } = document.getElementById('a');
    const { opacity, visibility } = getComputedStyle(shadowRoot.querySelector('.bar'));
    return { opacity, visibility, holds: shadowRoot.querySelector('.bar').contains(shadowRoot.activeElement) };
  });
  await wait(page, () => getComputedStyle(document.getElementById('a').shadowRoot.querySelector('.bar')).opacity === '0');
  assert.equal((await bar()).visibility, 'visible');
  await page.keyboard.press('Tab');
  await wait(page, () => getComputedStyle(document.getElementById('a').shadowRoot.querySelector('.bar')).opacity === '1');
  assert.ok((await bar()).holds);
}));

await finish();
