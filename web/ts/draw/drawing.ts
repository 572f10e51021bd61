/** What is drawn: parts that move, each a mask and an arrow, and every state of them that one may go back to. */
import type { Point, Size } from "./mask.ts";

/** Something that moves: which pixels, and the corners of the way that they go. */
export interface Part {
  mask: Uint8Array;
  arrow: Point[];
}

/** Most parts: as many as there are colours that can be told apart. */
export const MOST_PARTS = 8;
/** How many steps can be undone. */
const STEPS = 60;

/** Parts with their history. A step begins before something changes. */
export class Drawing {
  readonly size: Size;
  #parts: Part[];
  #chosen = 0;
  #before: Part[][] = [];
  #after: Part[][] = [];

  constructor(size: Size) {
    this.size = size;
    this.#parts = [this.#empty()];
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  get chosen(): number {
    return this.#chosen;
  }

  /** The part that is drawn on. */
  get part(): Part {
    return this.#parts[this.#chosen] ?? this.#empty();
  }

  /** Those with a pixel inside and a way to go. */
  get complete(): Part[] {
    return this.#parts.filter((part) => part.arrow.length > 1 && part.mask.includes(1));
  }

  /** Why it cannot be saved; empty if it can. */
  get missing(): string {
    const half = this.#parts.findIndex((part) => part.mask.includes(1) !== part.arrow.length > 1);
    if (half >= 0) return this.#parts[half]?.mask.includes(1) ? `Part ${half + 1} has no arrow yet.` : `Part ${half + 1} has no mask yet.`;
    return this.complete.length > 0 ? "" : "Paint what moves, and drag an arrow.";
  }

  choose(index: number): void {
    this.#chosen = Math.min(Math.max(0, index), this.#parts.length - 1);
  }

  /** A new part, if there is room for one. */
  add(): void {
    if (this.#parts.length >= MOST_PARTS) return;
    this.step();
    this.#parts.push(this.#empty());
    this.#chosen = this.#parts.length - 1;
  }

  /** Takes the chosen part away; the last one is emptied. */
  remove(): void {
    this.step();
    if (this.#parts.length > 1) this.#parts.splice(this.#chosen, 1);
    else this.#parts = [this.#empty()];
    this.choose(this.#chosen);
  }

  /** Keeps the state as it is, before a change. */
  step(): void {
    this.#before.push(copies(this.#parts));
    if (this.#before.length > STEPS) this.#before.shift();
    this.#after = [];
  }

  undo(): void {
    this.#go(this.#before, this.#after);
  }

  redo(): void {
    this.#go(this.#after, this.#before);
  }

  #go(from: Part[][], to: Part[][]): void {
    const parts = from.pop();
    if (!parts) return;
    to.push(copies(this.#parts));
    this.#parts = parts;
    this.choose(this.#chosen);
  }

  #empty(): Part {
    return { mask: new Uint8Array(this.size.width * this.size.height), arrow: [] };
  }
}

const copies = (parts: Part[]): Part[] => parts.map(({ mask, arrow }) => ({ mask: mask.slice(), arrow: [...arrow] }));

/** The point at a part of a polyline's length, 0…1. */
export function along(points: Point[], part: number): Point {
  const lengths = points.slice(1).map((b, index) => Math.hypot(b.x - (points[index]?.x ?? 0), b.y - (points[index]?.y ?? 0)));
  let left = part * lengths.reduce((sum, length) => sum + length, 0);
  for (const [index, length] of lengths.entries()) {
    const [a, b] = [points[index], points[index + 1]];
    if (a && b && left <= length && length > 0) return { x: a.x + ((b.x - a.x) * left) / length, y: a.y + ((b.y - a.y) * left) / length };
    left -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

/** A curve that was dragged, without the corners that are within `off` pixels of it (Ramer, Douglas and Peucker). */
export function simplified(points: Point[], off: number): Point[] {
  const [a, b] = [points[0], points.at(-1)];
  if (!a || !b || points.length < 3) return points;
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy);
  let [farthest, most] = [0, 0];
  points.forEach((p, index) => {
    const gap = length > 0 ? Math.abs(dx * (p.y - a.y) - dy * (p.x - a.x)) / length : Math.hypot(p.x - a.x, p.y - a.y);
    if (gap > most) [farthest, most] = [index, gap];
  });
  if (most <= off) return [a, b];
  return [...simplified(points.slice(0, farthest + 1), off).slice(0, -1), ...simplified(points.slice(farthest), off)];
}
