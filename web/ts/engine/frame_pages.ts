/** Pages of the loop whose frames depend on no other frame and need no video decoder. */
import type { FrameStore } from "./frame_store.ts";

/** A page, and whom it tells of its frames. */
abstract class FramePage {
  protected isClosed = false;

  constructor(
    protected page: number,
    protected store: FrameStore,
    protected onFrame: () => void,
    protected onError: (error: Error) => void,
  ) {}

  /** Starts decoding the frames that are missing. */
  abstract pump(): void;

  close(): void {
    this.isClosed = true;
  }
}

/** Decodes frames that are PNG images. */
export class PngPage extends FramePage {
  #inFlight = new Set<number>();

  pump(): void {
    if (this.isClosed) return;
    for (const frame of this.store.missing(this.page)) {
      if (this.#inFlight.size >= 2) return;
      const data = this.#inFlight.has(frame) ? undefined : this.store.frameBytes(this.page, frame);
      if (data === undefined) continue;
      this.#inFlight.add(frame);
      bitmap(data).then((image) => this.#arrived(frame, image)).catch((error: Error) => {
        if (!this.isClosed) this.onError(error);
        this.isClosed = true;
      });
    }
  }

  #arrived(frame: number, image: ImageBitmap): void {
    this.#inFlight.delete(frame);
    if (!this.isClosed) {
      this.store.setPngFrame(this.page, frame, image);
      this.onFrame();
    }
    image.close();
    this.pump();
  }
}

/** Unpacks frames of blocks that the GPU samples directly, one frame per task, so that the page can draw in between. */
export class BlockPage extends FramePage {
  #timer: ReturnType<typeof setTimeout> | undefined;

  pump(): void {
    this.#timer ??= this.isClosed ? undefined : setTimeout(() => {
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
    // A frame that was not accepted is not tried again until the next call.
    if (!this.store.missing(this.page).includes(frame)) this.pump();
  }

  override close(): void {
    super.close();
    clearTimeout(this.#timer);
  }
}

/** Decodes a PNG to its own values: not premultiplied, no colour conversion. */
export function bitmap(png: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  const options: ImageBitmapOptions = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  return createImageBitmap(new Blob([png], { type: "image/png" }), options);
}
