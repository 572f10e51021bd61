/** The picture with everything drawn on it. */
import { along, type Drawing } from "./drawing.ts";
import type { Point } from "./mask.ts";

/** Seconds in which a track goes there and back. */
const TURN_S = 3;
/** Points that show a part's track, a side of its grid. */
const GRID = 4;

/** The colours of parts, evenly spaced hues as in the pictures that models see. */
export const colour = (part: number, of: number): string => `hsl(${Math.round((360 * part) / Math.max(1, of))} 100% 60%)`;

/** What is under way, over the drawing. */
export interface Overlay {
  /** A lasso or an arrow that is being dragged. */
  line: Point[];
  /** Where the brush would paint, and how large it is. */
  brush: { at: Point; radius: number } | undefined;
  /** Where the keyboard's cross is. */
  cross: Point | undefined;
  /** Whether tracks run. */
  playing: boolean;
}

/** Draws on a canvas whose pixels are the screen's. */
export class Board {
  readonly canvas: HTMLCanvasElement;
  readonly #picture: ImageBitmap;
  readonly #masks = document.createElement("canvas");

  constructor(canvas: HTMLCanvasElement, picture: ImageBitmap) {
    this.canvas = canvas;
    this.#picture = picture;
    [this.#masks.width, this.#masks.height] = [picture.width, picture.height];
  }

  /** Screen pixels of one of the picture's. */
  get scale(): number {
    return this.canvas.getBoundingClientRect().width / this.#picture.width;
  }

  /** Fits the picture into a box, whole. */
  fit({ width, height }: { width: number; height: number }): void {
    const scale = Math.min(width / this.#picture.width, height / this.#picture.height);
    const [w, h] = [this.#picture.width * scale, this.#picture.height * scale];
    [this.canvas.style.width, this.canvas.style.height] = [`${w}px`, `${h}px`];
    const dense = window.devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [Math.max(1, Math.round(w * dense)), Math.max(1, Math.round(h * dense))];
  }

  /** The place in the picture of a pointer. */
  place(event: { clientX: number; clientY: number }): Point {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * this.#picture.width) / box.width,
      y: ((event.clientY - box.top) * this.#picture.height) / box.height,
    };
  }

  draw(drawing: Drawing, overlay: Overlay, time_s: number): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const scale = this.canvas.width / this.#picture.width;
    context.imageSmoothingEnabled = scale < 4;
    context.drawImage(this.#picture, 0, 0, this.canvas.width, this.canvas.height);
    this.#drawMasks(context, drawing);
    context.save();
    context.scale(scale, scale);
    const thin = (2 * window.devicePixelRatio) / scale;
    drawing.parts.forEach((part, index) => {
      const hue = colour(index, drawing.parts.length);
      this.#line(context, part.arrow, hue, index === drawing.chosen ? 1.6 * thin : thin, true);
      if (overlay.playing && part.arrow.length > 1) {
        const way = 0.5 - 0.5 * Math.cos((2 * Math.PI * time_s) / TURN_S);
        this.#dots(context, part, along(part.arrow, way), hue, 2 * thin);
      }
    });
    this.#line(context, overlay.line, "#fff", thin, false);
    if (overlay.brush) this.#ring(context, overlay.brush.at, overlay.brush.radius, thin / 2);
    if (overlay.cross) this.#cross(context, overlay.cross, thin);
    context.restore();
  }

  #drawMasks(context: CanvasRenderingContext2D, drawing: Drawing): void {
    const masks = this.#masks.getContext("2d");
    if (!masks) return;
    const { width, height } = drawing.size;
    const image = masks.createImageData(width, height);
    drawing.parts.forEach((part, index) => {
      const hue = rgb((index / drawing.parts.length) * 6);
      const alpha = index === drawing.chosen ? 140 : 80;
      part.mask.forEach((inside, pixel) => inside && image.data.set([...hue, alpha], 4 * pixel));
    });
    masks.putImageData(image, 0, 0);
    context.drawImage(this.#masks, 0, 0, this.canvas.width, this.canvas.height);
  }

  #line(context: CanvasRenderingContext2D, points: Point[], style: string, width: number, head: boolean): void {
    const [first, ...rest] = points;
    if (!first) return;
    const path = new Path2D();
    path.moveTo(first.x, first.y);
    rest.forEach((point) => path.lineTo(point.x, point.y));
    const [last, before] = [points.at(-1), points.at(-2)];
    if (head && last && before) {
      const angle = Math.atan2(last.y - before.y, last.x - before.x);
      for (const turn of [2.6, -2.6]) {
        path.moveTo(last.x, last.y);
        path.lineTo(last.x + 5 * width * Math.cos(angle + turn), last.y + 5 * width * Math.sin(angle + turn));
      }
    }
    for (const [stroke, thick] of [["rgb(0 0 0 / .7)", 2 * width], [style, width]] as const) {
      [context.strokeStyle, context.lineWidth, context.lineCap, context.lineJoin] = [stroke, thick, "round", "round"];
      context.stroke(path);
    }
  }

  /** Points spread over a mask, where the arrow has taken them. */
  #dots(context: CanvasRenderingContext2D, part: { mask: Uint8Array; arrow: Point[] }, tip: Point, style: string, radius: number): void {
    const start = part.arrow[0];
    const { width } = this.#masks;
    const pixels = [...part.mask.keys()].filter((pixel) => part.mask[pixel] === 1);
    if (!start || pixels.length === 0) return;
    context.fillStyle = style;
    const step = Math.max(1, Math.floor(pixels.length / (GRID * GRID)));
    for (let index = step >> 1; index < pixels.length; index += step) {
      const pixel = pixels[index] ?? 0;
      const path = new Path2D();
      path.arc((pixel % width) + 0.5 + tip.x - start.x, Math.floor(pixel / width) + 0.5 + tip.y - start.y, radius, 0, 7);
      context.fill(path);
    }
  }

  #ring(context: CanvasRenderingContext2D, at: Point, radius: number, width: number): void {
    const path = new Path2D();
    path.arc(at.x, at.y, radius, 0, 7);
    for (const [stroke, thick] of [["#000", 3 * width], ["#fff", width]] as const) {
      [context.strokeStyle, context.lineWidth] = [stroke, thick];
      context.stroke(path);
    }
  }

  #cross(context: CanvasRenderingContext2D, at: Point, width: number): void {
    for (const [dx, dy] of [[1, 0], [0, 1]] as const) {
      const reach = 8 * width;
      this.#line(context, [{ x: at.x - dx * reach, y: at.y - dy * reach }, { x: at.x + dx * reach, y: at.y + dy * reach }], "#fff", width / 2, false);
    }
  }
}

/** A hue, 0…6, at full saturation and value. */
function rgb(hue: number): [number, number, number] {
  const channel = (offset: number): number => Math.round(255 * Math.min(1, Math.max(0, Math.abs(((hue + offset) % 6) - 3) - 1)));
  return [channel(0), channel(4), channel(2)];
}
