/** Decodes one page of the loop with WebCodecs. */
import type { FrameStore } from "./frame_store.ts";

/** Coded frames inside a decoder at a time. Some decoders keep a few before the first one comes out. */
const MOST_IN_FLIGHT = 16;
/** A decoder that has been silent for this long is flushed. */
const SILENCE_MS = 120;
/** This many failures in a row, without a frame in between, are final. */
const MOST_FAILURES = 3;

export class DecoderPage {
  #decoder: VideoDecoder | null = null;
  /** Frames inside the decoder, by the timestamp they were sent with. */
  #inFlight = new Map<number, number>();
  /** Buffers for planes, reused. */
  #buffers: Uint8Array<ArrayBuffer>[] = [];
  #sent = 0;
  /** The frame after the last one sent, while the decoder can continue with it. */
  #next: number | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    private page: number,
    private config: VideoDecoderConfig,
    /** The CPU decodes, into main memory. */
    private isSoftware: boolean,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    if (this.#isClosed) return;
    const waiting = new Set(this.#inFlight.values());
    for (const frame of this.store.missing(this.page)) {
      if (this.#inFlight.size >= MOST_IN_FLIGHT) break;
      const key = waiting.has(frame) ? undefined : this.store.keyFrame(this.page, frame);
      if (key === undefined) continue;
      const continues = this.#next !== null && key <= this.#next && this.#next <= frame;
      for (let at = continues ? this.#next! : key; at <= frame; at++) {
        if (!this.#send(at, key)) return;
        waiting.add(at);
      }
    }
    this.#watch();
  }

  #send(frame: number, key: number): boolean {
    const data = this.store.frameBytes(this.page, frame);
    const decoder = this.#ready();
    if (data === undefined || decoder === null) return false;
    const timestamp = 1000 * this.#sent++;
    this.#inFlight.set(timestamp, frame);
    this.#next = frame + 1;
    try {
      decoder.decode(new EncodedVideoChunk({ type: frame === key ? "key" : "delta", timestamp, data }));
    } catch (error) {
      this.#failed(error as Error);
      return false;
    }
    return true;
  }

  /** The decoder. It is made again where there is none, since browsers reclaim idle ones. */
  #ready(): VideoDecoder | null {
    if (this.#decoder !== null) return this.#decoder;
    const decoder = new VideoDecoder({
      output: (image) => void this.#arrived(image, decoder),
      error: (error) => { if (decoder === this.#decoder) this.#failed(error); },
    });
    try {
      decoder.configure(this.config);
    } catch (error) {
      this.#failed(error as Error);
      return null;
    }
    return (this.#decoder = decoder);
  }

  async #arrived(image: VideoFrame, decoder: VideoDecoder): Promise<void> {
    const frame = this.#inFlight.get(image.timestamp);
    const isCurrent = () => decoder === this.#decoder && frame !== undefined;
    try {
      if (!isCurrent()) return;
      this.#failures = 0;
      await this.#show(frame!, image, isCurrent);
      if (!isCurrent()) return;
      this.#inFlight.delete(image.timestamp);
    } finally {
      image.close();
    }
    this.onFrame();
    this.pump();
  }

  /**
   * Gives a frame to the store. A frame that the CPU decoded is handed over as its planes: browsers convert those to RGB slowly, each in
   * its own way. A frame that a hardware decoder left on the GPU stays there.
   */
  async #show(frame: number, image: VideoFrame, isCurrent: () => boolean): Promise<void> {
    // Frames that are decoded on the way from a key frame to a wanted one are not shown.
    if (!this.store.missing(this.page).includes(frame)) return;
    const { codedWidth: width, codedHeight: height } = this.config;
    const rect = image.visibleRect;
    const isWhole = image.format === "I420" && rect?.width === width && rect?.height === height;
    if (this.isSoftware && isWhole && this.store.takesPlanes()) {
      const planes = this.#buffers.pop() ?? new Uint8Array(image.allocationSize());
      const isCopied = await image.copyTo(planes).then(() => true, () => false);
      if (isCopied && isCurrent()) this.store.setPlanes(this.page, frame, planes);
      this.#buffers.push(planes);
      if (isCopied) return;
    }
    if (isCurrent()) this.store.setFrame(this.page, frame, image);
  }

  /** Flushes the decoder after a silence: only then do the frames come out that it holds back. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#inFlight.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#next = null;
      this.#decoder?.flush().catch(() => {});
    }, SILENCE_MS);
  }

  #failed(error: Error): void {
    this.#drop();
    this.#failures += 1;
    if (this.#failures >= MOST_FAILURES && !this.#isClosed) {
      this.#isClosed = true;
      this.onError(error);
    }
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#inFlight.clear();
    this.#next = null;
    if (decoder !== null && decoder.state !== "closed") decoder.close();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }
}
