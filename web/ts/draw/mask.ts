/** Masks: one byte a pixel, 1 inside; and what changes them. The centre of pixel (i, j) is (i + ½, j + ½). */

/** A place in the picture, in its pixels. */
export interface Point { x: number; y: number }

/** A size in pixels. */
export interface Size { width: number; height: number }

/** Sets the pixels whose centres lie within `radius` of the line from `a` to `b`. */
export function brush(mask: Uint8Array, { width, height }: Size, a: Point, b: Point, radius: number, value: 0 | 1): void {
  const range = (from: number, to: number, side: number): [number, number] =>
    [Math.max(0, Math.floor(Math.min(from, to) - radius - 1)), Math.min(side - 1, Math.ceil(Math.max(from, to) + radius + 1))];
  const [left, right] = range(a.x, b.x, width);
  const [top, bottom] = range(a.y, b.y, height);
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const [px, py] = [x + 0.5 - a.x, y + 0.5 - a.y];
      const along = square > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / square)) : 0;
      if (Math.hypot(px - along * dx, py - along * dy) <= radius) mask[y * width + x] = value;
    }
  }
}

/** Sets the pixels whose centres lie in a polygon, by the even-odd rule. */
export function lasso(mask: Uint8Array, { width, height }: Size, polygon: Point[], value: 0 | 1): void {
  for (let y = 0; y < height; y += 1) {
    const crossings: number[] = [];
    polygon.forEach((a, index) => {
      const b = polygon[(index + 1) % polygon.length] ?? a;
      const middle = y + 0.5;
      if (a.y <= middle !== b.y <= middle) crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil((crossings[pair] ?? 0) - 0.5));
      for (let x = first; x < width && x + 0.5 <= (crossings[pair + 1] ?? 0); x += 1) mask[y * width + x] = value;
    }
  }
}

/** Sets what hangs together with a pixel and differs from it by at most `tolerance` in every channel. */
export function wand(mask: Uint8Array, { width, height }: Size, rgba: Uint8ClampedArray, at: Point, tolerance: number, value: 0 | 1): void {
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const start = y * width + x;
  const like = (pixel: number): boolean =>
    [0, 1, 2].every((channel) => Math.abs((rgba[4 * pixel + channel] ?? 0) - (rgba[4 * start + channel] ?? 0)) <= tolerance);
  const seen = new Uint8Array(width * height);
  const open = [start];
  seen[start] = 1;
  for (let pixel = open.pop(); pixel !== undefined; pixel = open.pop()) {
    mask[pixel] = value;
    const column = pixel % width;
    for (const next of [column > 0 ? pixel - 1 : -1, column + 1 < width ? pixel + 1 : -1, pixel - width, pixel + width]) {
      if (next >= 0 && next < seen.length && seen[next] === 0 && like(next)) {
        seen[next] = 1;
        open.push(next);
      }
    }
  }
}
