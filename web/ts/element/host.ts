/** Manages the scene of one element: loads it in time, shows it, releases it while it is far from the screen, and dispatches its events. */
import type { CameraState, SceneInfo } from "../engine/index.ts";
import type { BarFacts } from "./bar.ts";
import type { Chrome } from "./chrome.ts";
import { describe, LoadError, type Failure } from "./failure.ts";
import type { CameraInputFrame } from "./camera_input_frame.ts";
import { Player, PIXEL_RATIO_CAP, type PlayerListener, type Stage, type PlaybackState } from "./player.ts";
import type { Visibility } from "./visibility.ts";
import type { View } from "./share.ts";
import type { Surroundings } from "./surroundings.ts";
import { rememberWhole, wantsWhole } from "./remembered.ts";

/** Interval of `timeupdate`, and of updates to the cards. */
const TICK_MS = 250;

/** A scene is released after being far from the screen this long, so that scrolling past it and back does not load it twice. */
const FAR_MS = 1500;

/** Below this zoom of the whole scene, in doublings, it is worth a button: 7 % of it would be cropped. */
const LEAST_CROPPED = -0.1;

/** What a released scene returns to. */
interface Kept {
  info: SceneInfo;
  view: View;
}

export class Host {
  readonly playback: PlaybackState = { plays: false, speed: 1, reverse: false, loops: Infinity, sway: false, quality: "auto" };
  player: Player | undefined;
  failure: Failure | undefined;
  /** The view to begin with, from the page's address. */
  startView: View | undefined;
  /** Whether a press or a program has dismissed the poster. */
  isDismissed = false;
  #surroundings: Surroundings;
  #chrome: Chrome;
  #cameraInput: CameraInputFrame;
  #visibility: Visibility;
  #kept: Kept | undefined;
  #farTimer = 0;
  /** Events already dispatched of those that come once per scene, however often it is released. */
  #dispatched = new Set<string>();
  #wasPlaying = false;
  /** Whether the timeline is held. */
  #isScrubbing = false;
  #hasPlayed = false;
  #lastTick = 0;
  #lastCamera = "";

  constructor(surroundings: Surroundings, chrome: Chrome, cameraInput: CameraInputFrame, visibility: Visibility) {
    [this.#surroundings, this.#chrome, this.#cameraInput, this.#visibility] = [surroundings, chrome, cameraInput, visibility];
  }

  get #element(): Surroundings["element"] {
    return this.#surroundings.element;
  }

  get stage(): Stage {
    const stage = this.player?.stage ?? "empty";
    return stage === "empty" && this.#kept ? "poster" : stage;
  }

  /** Whether a scene is visible, with no poster in front of it. */
  get isShown(): boolean {
    // A returning scene shows the image it left until its loop continues.
    return this.#hasScene && this.#isRevealed && !this.#kept;
  }

  get info(): SceneInfo | undefined {
    return this.player?.info ?? this.#kept?.info;
  }

  /** Position in the loop, in frames. */
  get time(): number {
    return this.#kept?.view.time ?? this.player?.engine?.time ?? 0;
  }

  get camera(): CameraState | undefined {
    return this.#kept ? structuredClone(this.#kept.view.camera) : this.info && this.player?.engine?.camera;
  }

  /** Loads, draws or releases the scene, depending on where the element is. */
  look(): void {
    if (this.player) this.player.isVisible = this.#visibility.isSeen;
    this.load();
    const isFar = this.#visibility.isFar && this.player !== undefined && this.#element.loading !== "eager";
    if (isFar && !this.#farTimer) this.#farTimer = window.setTimeout(() => void this.#releaseFar(), FAR_MS);
    if (!isFar) this.#cancelRelease();
  }

  /** Loads the scene if it is time to. */
  load(): void {
    const { element, source } = this.#surroundings;
    if (this.player || this.failure || !source || !element.isConnected) return;
    this.#chrome.offerStart(element.reveal === "interaction" && !this.#isRevealed);
    if (!this.#isTime) return;
    const view = this.#kept?.view ?? this.startView;
    const player = new Player(this.#listener(() => this.player === player, view), this.playback, this.#cameraInput);
    this.player = player;
    this.#chrome.progress(undefined, this.#kept !== undefined);
    if (view) player.show(view);
    this.resize();
    this.#surroundings.settle();
    player.isVisible = this.#visibility.isSeen;
    const backend = element.backend === "webgpu" || element.backend === "webgl2" ? element.backend : undefined;
    if (typeof source === "string" && !URL.canParse(source, document.baseURI)) {
      return this.#failed(new LoadError("not-found", `${source}: not a valid address`));
    }
    const found = typeof source === "string" ? new URL(source, document.baseURI).href : source;
    void player.start(found, this.#chrome.stage, this.#surroundings.base, backend);
  }

  /** Drops the scene and everything known about it; shows the page's poster again. */
  release(): void {
    this.#drop();
    this.#dispatched.clear();
    [this.#kept, this.failure, this.#wasPlaying, this.#hasPlayed, this.#lastCamera] = [undefined, undefined, false, false, ""];
    const chrome = this.#chrome;
    chrome.setPoster(this.#element.poster || undefined);
    chrome.fail(undefined);
    chrome.note("");
  }

  setPlaying(plays: boolean): void {
    this.playback.plays = plays;
    this.#hasPlayed ||= plays;
    this.#offerPlay();
    this.player?.update();
    this.#dispatchPlaying();
  }

  show(view: View): void {
    if (this.#kept) view = Object.assign(this.#kept.view, view);
    this.player?.show(view);
  }

  /** Seeks to a position in frames, and stops the loop until `endScrub`. */
  scrub(frame: number): void {
    this.#isScrubbing = true;
    this.player?.hold(true);
    this.player?.show({ time: frame });
  }

  /** The timeline was let go. */
  endScrub(): void {
    if (!this.#isScrubbing) return;
    this.#isScrubbing = false;
    this.player?.hold(false);
  }

  /** Shows the scene that is kept behind the poster, and loads it first if necessary. */
  dismissPoster(): void {
    this.isDismissed = true;
    this.load();
    this.reveal();
  }

  /** The image as a file. Rejects before there is a scene, and while the element is far from the screen. */
  async toBlob(type: string, quality?: number): Promise<Blob> {
    const { player } = this;
    if (!player) throw new Error("no scene is shown now");
    const pixels = await player.pixels();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [pixels.width, pixels.height];
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(`cannot encode an image of type ${type}`))), type, quality));
  }

  /** Shows the scene instead of the poster if it is time to. */
  reveal(): void {
    this.#chrome.reveal(this.isShown);
    this.showBar();
  }

  resize(): void {
    const { width, height } = this.#element.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio, PIXEL_RATIO_CAP);
    this.player?.resize(Math.round(width * ratio), Math.round(height * ratio), height);
  }

  showBar(): void {
    const { engine, info } = this.player ?? {};
    const { controls, reverse, speed, share } = this.#element;
    const facts: BarFacts | false | undefined = controls && engine && info && this.isShown && {
      time: engine.time, frames: info.frames, fps: info.fps, isPlaying: this.playback.plays, isReverse: reverse, speed,
      canPlay: this.stage === "motion", canShare: share, isFullscreen: document.fullscreenElement === this.#element,
      isWhole: this.leastZoom < LEAST_CROPPED ? engine.camera.zoom < this.leastZoom / 2 : undefined,
    };
    this.#chrome.showBar(facts || undefined);
  }

  /** The zoom, in doublings, at which all of the scene is seen: 0 where it has the element's shape. As the engine has it. */
  get leastZoom(): number {
    const { width, height } = this.#element.getBoundingClientRect();
    const [across, down] = [width / (this.info?.width ?? width), height / (this.info?.height ?? height)];
    return across > 0 && down > 0 ? Math.log2(Math.min(across, down) / Math.max(across, down)) : 0;
  }

  /** Shows all of the scene, or fills the element with it again; the choice is remembered. */
  toggleWhole(): void {
    const { camera, leastZoom } = this;
    if (!camera || leastZoom >= LEAST_CROPPED) return;
    const isWhole = camera.zoom >= leastZoom / 2;
    rememberWhole(isWhole);
    this.show({ camera: { ...camera, zoom: isWhole ? leastZoom : 0 } });
  }

  get #hasScene(): boolean {
    return this.stage === "static" || this.stage === "motion";
  }

  get #isRevealed(): boolean {
    return this.#element.reveal === "auto" || this.isDismissed;
  }

  /** Where nothing moves because the person prefers that, a button in the image says that it could: else the scene looks frozen. */
  #offerPlay(): void {
    if (!this.#isRevealed) return;
    const { element, prefersReducedMotion } = this.#surroundings;
    this.#chrome.offerStart(prefersReducedMotion && element.autoplay && this.stage === "motion" && !this.#hasPlayed, "Play");
  }

  /** Whether it is time to load. */
  get #isTime(): boolean {
    const { loading } = this.#element;
    if (loading === "eager") return true;
    const { isNear, isOnScreen } = this.#visibility;
    // A released scene returns before it is visible.
    return this.#isRevealed && (loading === "lazy" && !this.#kept ? isOnScreen : isNear);
  }

  /** Frees the engine; keeps the image, the camera and the position in the loop. */
  async #releaseFar(): Promise<void> {
    const { player } = this;
    const image = this.isShown ? await this.toBlob("image/jpeg", 0.92).catch(() => undefined) : undefined;
    // The element may have come near again meanwhile.
    if (!player || player !== this.player || !this.#farTimer) return;
    const { engine, info } = player;
    if (image) this.#chrome.setPoster(image);
    // Without an image there is no view to keep; a scene that was still returning keeps its old one.
    if (image && engine && info) this.#kept = { info, view: { camera: engine.camera, time: engine.time } };
    this.#drop();
  }

  /** Cancels the release. */
  #cancelRelease(): void {
    clearTimeout(this.#farTimer);
    this.#farTimer = 0;
  }

  #drop(): void {
    this.#cancelRelease();
    this.player?.dispose();
    this.player = undefined;
    this.#chrome.stage.replaceChildren();
    this.#chrome.reveal(false);
    this.#chrome.progress(null, false);
    this.#chrome.showBar(undefined);
  }

  /** Handles what the player reports, as long as `isPresent`: it is still this element's player. It began with `view`. */
  #listener(isPresent: () => boolean, view: View | undefined): PlayerListener {
    const chrome = this.#chrome;
    const guarded = (listener: PlayerListener): PlayerListener =>
      Object.fromEntries(Object.entries(listener).map(([name, call]) => [name, (...args: never[]) => isPresent() && call(...args)])) as never;
    return guarded({
      info: ({ width, height }) => chrome.setShape(width, height),
      preview: ({ jpeg, width, height }) => {
        chrome.setShape(width, height);
        if (!this.#kept) chrome.setPoster(jpeg);
        this.reveal();
        this.#dispatchOnce("poster");
      },
      reached: (stage) => {
        if (stage === "motion") this.#kept = undefined;
        this.reveal();
        this.#offerPlay();
        this.#dispatchOnce(stage);
        this.#dispatchPlaying();
        if (stage === "static") {
          if (!view?.camera && wantsWhole()) this.toggleWhole();
          this.#surroundings.offerControls();
        }
      },
      noMotion: (why) => {
        this.#kept = undefined;
        this.reveal();
        chrome.note(why, true);
        this.#dispatchOnce("no-motion", { why });
      },
      progress: (received, total) => {
        chrome.progress(total ? Math.min(1, received / total) : undefined, this.isShown || this.#kept !== undefined);
        if (!this.#dispatched.has("load")) this.#dispatch("progress", { received, total });
      },
      loaded: () => {
        chrome.progress(null, true);
        this.#dispatchOnce("load");
      },
      drawn: (changed) => this.#drawn(changed),
      lost: (isBack) => chrome.note(isBack ? "" : "The graphics chip stopped responding; restarting …", !isBack),
      failed: (error) => this.#failed(error),
    });
  }

  #failed(error: unknown): void {
    const failure = describe(error);
    this.#chrome.progress(null, true);
    // What has arrived can still be looked at.
    this.#kept = undefined;
    if (this.#hasScene && failure.code !== "lost") {
      this.reveal();
      this.#chrome.note(`${failure.title}. The part that arrived is shown.`, true);
    } else {
      // A picture without motion is worth more than an explanation in its place.
      const hasPicture = failure.code === "no-gpu" && this.stage === "poster";
      this.#drop();
      this.failure = failure;
      this.#chrome.offerStart(false);
      if (hasPicture) this.#chrome.note(`${failure.title}: it needs WebGPU or WebGL 2.`, true);
      else this.#chrome.fail(failure);
    }
    this.#dispatch("error", failure);
  }

  #drawn(changed: boolean): void {
    const { player } = this;
    const { engine, info } = player ?? {};
    if (!player || !engine || !info) return;
    this.#dispatchPlaying();
    this.showBar();
    if (changed && !this.#kept) {
      const camera = JSON.stringify(engine.camera);
      if (camera !== this.#lastCamera && this.#lastCamera) this.#dispatch("camera-change");
      this.#lastCamera = camera;
    }
    const now = performance.now();
    if (now - this.#lastTick < TICK_MS) return;
    this.#lastTick = now;
    if (engine.playing) this.#dispatch("timeupdate");
    const { speed, quality } = this.#element;
    this.#chrome.showFigures(engine.statistics(), player.fps, player.drawnSize, player.received);
    this.#chrome.showSettings(speed, quality, engine.renderScale, this.stage === "motion");
  }

  /**
   * Dispatches `play` or `pause` once the engine has started or stopped. As for a video, a `timeupdate` comes just before each `pause`.
   * Called at each change, not only at each frame: a loop can start and end between two frames.
   */
  #dispatchPlaying(): void {
    // A released or returning scene counts as doing what it will do.
    const playing = this.#kept ? this.playback.plays : this.player?.engine?.playing ?? false;
    if (playing === this.#wasPlaying || !this.info || this.#isScrubbing) return;
    this.#wasPlaying = playing;
    if (!playing) this.#dispatch("timeupdate");
    this.#dispatch(playing ? "play" : "pause");
  }

  #dispatchOnce(type: string, detail?: unknown): void {
    if (this.#dispatched.has(type)) return;
    this.#dispatched.add(type);
    this.#dispatch(type, detail);
  }

  #dispatch(type: string, detail?: unknown): void {
    this.#element.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
