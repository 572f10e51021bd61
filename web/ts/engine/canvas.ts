/** The canvas that an engine draws to. */

/** Whether this page gets a WebGPU adapter. */
export async function hasWebGpu(): Promise<boolean> {
  return "gpu" in navigator && (await navigator.gpu.requestAdapter()) !== null;
}

/** A new canvas in the place of another, with its attributes. */
export function replaced(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = canvas.cloneNode(false) as HTMLCanvasElement;
  canvas.replaceWith(copy);
  return copy;
}

/** What a canvas shows. Only right after it was drawn, in the same task. */
export function pixels(canvas: HTMLCanvasElement): ImageData {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
