// Automatic quality, fed with the times of imagined displays: `node quality.mjs`
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { web } from './harness.mjs';
import { check, end } from './support.mjs';

const folder = await mkdtemp(join(tmpdir(), 'loop3d-quality-'));
const built = join(folder, 'quality.mjs');
execFileSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'ts/element/quality.ts'), '--format=esm', `--outfile=${built}`, '--log-level=warning']);
const { Governor, LADDER } = await import(pathToFileURL(built));

/** Pictures for so many seconds; `cost` (ms) says how long one takes at a quality; the display shows whole periods. */
function play(governor, seconds, cost, period = 1000 / 60) {
  const seen = [];
  for (let ms = 0; ms < seconds * 1000;) {
    const interval = Math.max(1, Math.ceil(cost(governor.quality) / period - 1e-9)) * period;
    ms += interval;
    if (governor.count(interval)) seen.push(LADDER.indexOf(governor.quality));
  }
  return seen;
}
const pixels = (ms) => ({ scale }) => ms * scale * scale;

await check('a device that keeps up is left alone', () => assert.deepEqual(play(new Governor(), 60, pixels(10)), []));

await check('a slow one gets fewer pixels until it keeps up, and stays there for most of the time', () => {
  const governor = new Governor();
  const first = play(governor, 10, pixels(30));
  assert.deepEqual(first.slice(0, 2), [1, 2]);
  assert.ok(pixels(30)(governor.quality) <= 1000 / 60 + 1e-9, JSON.stringify(governor.quality));
  // It tries for more now and then, ever less often.
  const [early, late] = [play(governor, 60, pixels(30)).length, (play(governor, 240, pixels(30)), play(governor, 60, pixels(30)).length)];
  assert.ok(early <= 6 && late <= 2, `${early} ${late}`);
});

await check('blending goes last, and all comes back when there is time again', () => {
  const governor = new Governor();
  play(governor, 30, ({ scale, blend }) => 70 * scale * scale + (blend ? 8 : 0));
  assert.deepEqual(governor.quality, { scale: 0.5, blend: false });
  play(governor, 240, pixels(4));
  assert.deepEqual(governor.quality, { scale: 1, blend: true });
});

await check('where fewer pixels do not help, as on a phone that saves power, they come back', () => {
  const governor = new Governor();
  play(governor, 30, () => 33);
  assert.deepEqual(governor.quality, { scale: 1, blend: true });
});

await check('a pause is no slowness', () => {
  const governor = new Governor();
  for (let i = 0; i < 200; i += 1) governor.count(i % 2 === 0 ? 5000 : 16.7);
  assert.deepEqual(governor.quality, LADDER[0]);
});

await rm(folder, { recursive: true });
end();
