// Adaptive quality, fed with the frame times of imaginary displays: `node quality.mjs`
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
execFileSync(join(web, 'node_modules/.bin/esbuild'), [join(web, 'ts/element/adaptive_quality.ts'), '--format=esm', `--outfile=${built}`, '--log-level=warning']);
const { AdaptiveQuality, LADDER } = await import(pathToFileURL(built));

/** Plays frames for some seconds. `cost` returns the milliseconds of a frame at a quality; the display shows whole periods. */
function play(adaptive, seconds, cost, period = 1000 / 60) {
  const seen = [];
  for (let ms = 0; ms < seconds * 1000;) {
    const interval = Math.max(1, Math.ceil(cost(adaptive.quality) / period - 1e-9)) * period;
    ms += interval;
    if (adaptive.count(interval)) seen.push(LADDER.indexOf(adaptive.quality));
  }
  return seen;
}
const pixels = (ms) => ({ scale }) => ms * scale * scale;

await check('a device that keeps up keeps the best quality', () => assert.deepEqual(play(new AdaptiveQuality(), 60, pixels(10)), []));

await check('a slow device gets fewer pixels until it keeps up, and stays there most of the time', () => {
  const adaptive = new AdaptiveQuality();
  const first = play(adaptive, 10, pixels(30));
  assert.deepEqual(first.slice(0, 2), [1, 2]);
  assert.ok(pixels(30)(adaptive.quality) <= 1000 / 60 + 1e-9, JSON.stringify(adaptive.quality));
  // It tries a better quality now and then, less and less often.
  const [early, late] = [play(adaptive, 60, pixels(30)).length, (play(adaptive, 240, pixels(30)), play(adaptive, 60, pixels(30)).length)];
  assert.ok(early <= 6 && late <= 2, `${early} ${late}`);
});

await check('blending is given up last, and everything returns when there is time again', () => {
  const adaptive = new AdaptiveQuality();
  play(adaptive, 30, ({ scale, blend }) => 70 * scale * scale + (blend ? 8 : 0));
  assert.deepEqual(adaptive.quality, { scale: 0.5, blend: false });
  play(adaptive, 240, pixels(4));
  assert.deepEqual(adaptive.quality, { scale: 1, blend: true });
});

await check('where fewer pixels do not help, as on a phone that saves power, they return', () => {
  const adaptive = new AdaptiveQuality();
  play(adaptive, 30, () => 33);
  assert.deepEqual(adaptive.quality, { scale: 1, blend: true });
});

await check('a pause does not count as slowness', () => {
  const adaptive = new AdaptiveQuality();
  for (let i = 0; i < 200; i += 1) adaptive.count(i % 2 === 0 ? 5000 : 16.7);
  assert.deepEqual(adaptive.quality, LADDER[0]);
});

await rm(folder, { recursive: true });
end();
