/** A drawing as the server takes it: masks as PNG files, arrows as corners in the picture's pixels. */
import type { Drawing, Part } from "./drawing.ts";

/** Number of this format; `loop3d generate --move FILE` reads it. */
const FORMAT = 1;

/** The request's body. */
export async function body(drawing: Drawing, background: string): Promise<string> {
  const { width, height } = drawing.size;
  const moves = drawing.complete.map(async (part) => ({ mask: await png(part, width, height), points: part.arrow.map(({ x, y }) => [round(x), round(y)]) }));
  return JSON.stringify({ format: FORMAT, size: [width, height], background, moves: await Promise.all(moves) });
}

/** To a hundredth of a pixel. */
const round = (value: number): number => Math.round(100 * value) / 100;

/** A mask as a PNG file, white inside, in base64. */
async function png(part: Part, width: number, height: number): Promise<string> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser gives no canvas");
  const image = context.createImageData(width, height);
  part.mask.forEach((inside, pixel) => image.data.set(inside ? [255, 255, 255, 255] : [0, 0, 0, 255], 4 * pixel));
  context.putImageData(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1] ?? "";
}
