// Measures on images, and named checks.

/** A screenshot of a rectangle of the page, as grey values from 0 to 255, with all animations finished. */
export async function look(page, clip) {
  const png = await page.screenshot({ clip, animations: 'disabled' });
  const { width, height, grey } = await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    const { data: rgba } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = '';
    for (let i = 0; i < rgba.length; i += 4) text += String.fromCharCode(Math.round((rgba[i] + rgba[i + 1] + rgba[i + 2]) / 3));
    return { width: bitmap.width, height: bitmap.height, grey: btoa(text) };
  }, png.toString('base64'));
  return { width, height, grey: Buffer.from(grey, 'base64') };
}

/** Mean difference of two images, in grey values. */
export function difference(a, b) {
  let sum = 0;
  for (let i = 0; i < a.grey.length; i += 1) sum += Math.abs(a.grey[i] - b.grey[i]);
  return sum / a.grey.length;
}

/** Mean difference of `a` and `b`, where the point (x, y) of `a` is expected at centre + (x − centre)·scale + (dx, dy) of `b`. */
function misfit(a, b, dx, dy, scale, step) {
  const [cx, cy] = [a.width / 2, a.height / 2];
  let [sum, count] = [0, 0];
  for (let y = step; y < a.height; y += step) {
    for (let x = step; x < a.width; x += step) {
      const [u, v] = [Math.round(cx + (x - cx) * scale + dx), Math.round(cy + (y - cy) * scale + dy)];
      if (u < 0 || v < 0 || u >= b.width || v >= b.height) continue;
      sum += Math.abs(a.grey[y * a.width + x] - b.grey[v * b.width + u]);
      count += 1;
    }
  }
  return count > 0.3 * (a.width / step) * (a.height / step) ? sum / count : Infinity;
}

/** By how many pixels the image has moved from `a` to `b`: { x, y } to the right and down. */
export function shift(a, b, reach = 60) {
  const search = (centre, radius, step, grain) => {
    let best = { fit: Infinity };
    for (let dy = centre.y - radius; dy <= centre.y + radius; dy += step) {
      for (let dx = centre.x - radius; dx <= centre.x + radius; dx += step) {
        const fit = misfit(a, b, dx, dy, 1, grain);
        if (fit < best.fit) best = { fit, x: dx, y: dy };
      }
    }
    return best;
  };
  return search(search({ x: 0, y: 0 }, reach, 4, 5), 4, 1, 3);
}

/** By what factor things have grown from `a` to `b`, and how far the image has moved besides. */
export function growth(a, b, reach = 12) {
  let best = { fit: Infinity };
  for (let scale = 0.5; scale <= 2.05; scale *= 1.03) {
    for (let dy = -reach; dy <= reach; dy += 6) {
      for (let dx = -reach; dx <= reach; dx += 6) {
        const fit = misfit(a, b, dx, dy, scale, 4);
        if (fit < best.fit) best = { fit, scale, x: dx, y: dy };
      }
    }
  }
  return best;
}

/** Longest wait for anything: far beyond what a busy machine needs. */
export const PATIENCE_MS = 180_000;

/** Asks until the answer is true; `step` is what happens between two questions. */
export async function until(what, ask, step) {
  for (const start = Date.now(); !(await ask());) {
    if (Date.now() - start > PATIENCE_MS) throw new Error(`waited for ${what}`);
    await step();
  }
}

const only = process.env.LOOP3D_ONLY;
let failures = 0;
const started = Date.now();

/** One named check; the others still run if it fails. LOOP3D_ONLY: runs only checks whose names contain it. */
export async function check(name, body) {
  if (only && !name.includes(only)) return;
  const start = Date.now();
  try {
    await body();
    console.log(`ok   ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL ${name}: ${error?.stack ?? error}`);
  }
}

/** Ends the program, with status 1 if a check failed. */
export function end() {
  console.log(`${failures} failed, ${((Date.now() - started) / 1000).toFixed(0)} s`);
  process.exit(failures > 0 ? 1 : 0);
}
