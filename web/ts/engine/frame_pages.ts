/** Pages of the loop whose frames need no other frame, and no video decoder. */
import type { FrameStore } from "./frame_store.ts";

/** Frames that are pictures of their own. */
export class PngPage {
  #inFlight = new Set<number>();
  #isClosed = false;

  constructor(
    private page: number,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    if (this.#isClosed) return;
    for (const frame of this.store.missing(this.page)) {
      if (this.#inFlight.size >= 2) return;
      const data = this.#inFlight.has(frame) ? undefined : this.store.frameBytes(this.page, frame);
      if (data === undefined) continue;
      this.#inFlight.add(frame);
      bitmap(data).then((picture) => this.#arrived(frame, picture)).catch((error: Error) => {
        if (!this.#isClosed) this.onError(error);
        this.#isClosed = true;
      });
    }
  }

  #arrived(frame: number, picture: ImageBitmap): void {
    this.#inFlight.delete(frame);
    if (!this.#isClosed) {
      this.store.setPngFrame(this.page, frame, picture);
      this.onFrame();
    }
    picture.close();
    this.pump();
  }

  close(): void {
    this.#isClosed = true;
  }
}

/** Frames that the GPU reads as they are, but for lossless packing: unpacked one at a time, so that pictures are drawn between. */
export class BlockPage {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    private page: number,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    this.#timer ??= this.#isClosed ? undefined : setTimeout(() => {
      this.#timer = undefined;
      this.#next();
    });
  }

  #next(): void {
    const frame = this.store.missing(this.page).find((frame) => this.store.keyFrame(this.page, frame) !== undefined);
    if (frame === undefined) return;
    try {
      this.store.setBlocks(this.page, frame);
    } catch (error) {
      this.close();
      this.onError(error as Error);
      return;
    }
    this.onFrame();
    // One that was of no use is not tried again until somebody asks.
    if (!this.store.missing(this.page).includes(frame)) this.pump();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}

/** A PNG's own values: not multiplied with alpha, not converted. */
export function bitmap(png: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  const options: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  return createImageBitmap(new Blob([png], { type: "image/png" }), options);
}
