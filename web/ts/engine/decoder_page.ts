/** A page of the loop in a WebCodecs decoder. */
import type { FrameStore } from "./frame_store.ts";

/** Coded frames that a decoder holds at a time: some keep a few before the first comes out. */
const MOST_IN_FLIGHT = 16;
/** A decoder that is silent for so long wants to be told that no more comes, in milliseconds. */
const SILENCE = 120;
/** So many failures in a row, without a frame between them, are final. */
const MOST_FAILURES = 3;

export class DecoderPage {
  #decoder: VideoDecoder | null = null;
  /** Frames in the decoder by the time stamp that they went in with. */
  #inFlight = new Map<number, number>();
  /** Room for planes, to be used again. */
  #buffers: Uint8Array<ArrayBuffer>[] = [];
  #sent = 0;
  /** The frame after the last one that went in, while the decoder can go on with it. */
  #next: number | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    private page: number,
    private config: VideoDecoderConfig,
    /** The processor decodes, into its own memory. */
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
      const goesOn = this.#next !== null && key <= this.#next && this.#next <= frame;
      for (let at = goesOn ? this.#next! : key; at <= frame; at++) {
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

  /** The decoder, made where there is none: browsers take idle ones away. */
  #ready(): VideoDecoder | null {
    if (this.#decoder !== null) return this.#decoder;
    const decoder = new VideoDecoder({
      output: (picture) => void this.#arrived(picture, decoder),
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

  async #arrived(picture: VideoFrame, decoder: VideoDecoder): Promise<void> {
    const frame = this.#inFlight.get(picture.timestamp);
    const isCurrent = () => decoder === this.#decoder && frame !== undefined;
    try {
      if (!isCurrent()) return;
      this.#failures = 0;
      await this.#show(frame!, picture, isCurrent);
      if (!isCurrent()) return;
      this.#inFlight.delete(picture.timestamp);
    } finally {
      picture.close();
    }
    this.onFrame();
    this.pump();
  }

  /**
   * Hands a frame on. Where the processor decoded it, as the planes that it is: browsers turn it into RGB in their own ways, and slowly.
   * What a hardware decoder left on the GPU stays there.
   */
  async #show(frame: number, picture: VideoFrame, isCurrent: () => boolean): Promise<void> {
    // What is decoded on the way from a key frame to a wanted one is not shown.
    if (!this.store.missing(this.page).includes(frame)) return;
    const { codedWidth: width, codedHeight: height } = this.config;
    const rect = picture.visibleRect;
    const isWhole = picture.format === "I420" && rect?.width === width && rect?.height === height;
    if (this.isSoftware && isWhole && this.store.takesPlanes()) {
      const planes = this.#buffers.pop() ?? new Uint8Array(picture.allocationSize());
      const isCopied = await picture.copyTo(planes).then(() => true, () => false);
      if (isCopied && isCurrent()) this.store.setPlanes(this.page, frame, planes);
      this.#buffers.push(planes);
      if (isCopied) return;
    }
    if (isCurrent()) this.store.setFrame(this.page, frame, picture);
  }

  /** Frames that stay inside of a decoder come out when it is told that these are all. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#inFlight.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#next = null;
      this.#decoder?.flush().catch(() => {});
    }, SILENCE);
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
