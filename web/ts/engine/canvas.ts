/** The canvas that an engine draws on. */

/** Whether the browser gives this page a WebGPU adapter. */
export async function hasWebGpu(): Promise<boolean> {
  return "gpu" in navigator && (await navigator.gpu.requestAdapter()) !== null;
}

/** Replaces a canvas by a new one with the same attributes. */
export function replaced(canvas: HTMLCanvasElement): HTMLCanvasElement {
  const copy = canvas.cloneNode(false) as HTMLCanvasElement;
  canvas.replaceWith(copy);
  return copy;
}

/** The pixels of a canvas. They can be read only in the task that drew them. */
export function pixels(canvas: HTMLCanvasElement): ImageData {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
