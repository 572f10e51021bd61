/**
 * Decodes one page of the loop with a hidden video element, for browsers without WebCodecs and for pages that are not secure, where
 * browsers withhold it. The video runs a little ahead of the clock. Where it cannot (backwards, far away), it seeks from frame to frame.
 */
import type { DecodePlan, FrameStore } from "./frame_store.ts";
import { mp4 } from "./mp4.ts";

/** Frames that the video may lag behind before it seeks. */
const NEAR = 4;
/** After a seek to the frame that is already shown, browsers announce no new one; this is how long to wait for it. */
const SETTLED_MS = 300;

export class VideoElementPage {
  #video: HTMLVideoElement | null = null;
  #url = "";
  /** The frame that the video shows or seeks to. */
  #frame = 0;
  /** The frame that was shown last, where the browser reports it. */
  #shown: number | null = null;
  /** True from a seek until its frame is shown. Frames that reach the screen before that are older ones. */
  #isSeeking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(
    private page: number,
    private plan: DecodePlan,
    private configuration: Uint8Array,
    private store: FrameStore,
    private onFrame: () => void,
    private onError: (error: Error) => void,
  ) {}

  pump(): void {
    const video = this.#isClosed ? null : (this.#video ?? this.#open());
    if (video === null || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || this.#isSeeking) return;
    const missing = this.store.missing(this.page);
    if (missing.length === 0) {
      video.pause();
      return;
    }
    const ahead = missing[0]! - this.#frame;
    if (ahead >= 0 && ahead <= NEAR && missing.length > 1 && missing[1] === missing[0]! + 1) {
      if (video.paused) video.play().catch(() => this.#seek(missing[0]!));
    } else {
      this.#seek(missing[0]!);
    }
  }

  /** Opens the video once all its bytes have arrived. */
  #open(): HTMLVideoElement | null {
    const frames: Uint8Array[] = [];
    const keys = new Set<number>();
    for (let frame = 0; frame < this.plan.frames; frame++) {
      const [key, bytes] = [this.store.keyFrame(this.page, frame), this.store.frameBytes(this.page, frame)];
      if (key === undefined || bytes === undefined) return null;
      keys.add(key);
      frames.push(bytes);
    }
    const [width, height] = this.plan.pages[this.page]!;
    const { plan: { fps }, configuration } = this;
    const file = mp4({ width, height: 2 * height, fps, configuration, frames, keys: [...keys] });
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, preload: "auto" });
    video.addEventListener("error", () => this.#failed(video));
    video.addEventListener("loadeddata", () => this.#seek(this.store.missing(this.page)[0] ?? 0));
    video.addEventListener("seeked", () => {
      if (video.seeking || !this.#isSeeking) return;
      const isShown = this.#shown === this.#frame || !("requestVideoFrameCallback" in video);
      if (isShown) this.#arrive();
      else this.#timer = setTimeout(() => this.#arrive(), SETTLED_MS);
    });
    video.addEventListener("ended", () => this.pump());
    video.requestVideoFrameCallback?.(function shown(this: VideoElementPage, _: number, data: VideoFrameCallbackMetadata) {
      if (this.#isClosed) return;
      video.requestVideoFrameCallback(shown.bind(this));
      const { fps, frames } = this.plan;
      this.#shown = Math.min(frames - 1, Math.round(data.mediaTime * fps));
      if (this.#isSeeking) {
        if (this.#shown === this.#frame && !video.seeking) this.#arrive();
      } else if (Math.floor(video.currentTime * fps) <= this.#shown) {
        this.#take(this.#shown);
      } else {
        // The callback came late: the video may show a later frame by now.
        this.#frame = this.#shown;
        this.pump();
      }
    }.bind(this));
    video.src = this.#url = URL.createObjectURL(file);
    return (this.#video = video);
  }

  #seek(frame: number): void {
    if (this.#video === null) return;
    this.#video.pause();
    clearTimeout(this.#timer);
    [this.#frame, this.#shown, this.#isSeeking] = [frame, null, true];
    this.#video.currentTime = (frame + 0.5) / this.plan.fps;
  }

  /** The video has reached the frame that it seeks to. */
  #arrive(): void {
    clearTimeout(this.#timer);
    this.#isSeeking = false;
    this.#take(this.#frame);
  }

  /** Gives the shown frame to the store. */
  #take(frame: number): void {
    if (this.#isClosed || this.#video === null) return;
    this.#frame = frame;
    this.store.setVideoFrame(this.page, frame, this.#video);
    this.onFrame();
    this.pump();
  }

  #failed(video: HTMLVideoElement): void {
    if (this.#isClosed) return;
    this.close();
    this.onError(new Error(video.error?.message || "The browser cannot play the scene's video."));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#video?.pause();
    this.#video?.removeAttribute("src");
    this.#video = null;
    URL.revokeObjectURL(this.#url);
  }
}
