/** The scene of one element: fetched when it is time to, shown, let go while it is far from the screen; and what is told of it. */
import type { CameraState, SceneInfo } from "../engine/index.ts";
import type { BarFacts } from "./bar.ts";
import type { Chrome } from "./chrome.ts";
import { describe, LoadError, type Failure } from "./failure.ts";
import type { CameraInputFrame } from "./camera_input_frame.ts";
import { Player, PIXEL_RATIO_CAP, type PlayerListener, type Stage, type PlaybackState } from "./player.ts";
import type { Visibility } from "./visibility.ts";
import type { View } from "./share.ts";
import type { Surroundings } from "./surroundings.ts";

/** `timeupdate` comes so often (ms), and the figures of the cards. */
const TICK_MS = 250;

/** Far from the screen for so long (ms), a scene is let go: who scrolls past and back does not load it twice. */
const FAR_MS = 1500;

/** What an element that was let go comes back to. */
interface Kept {
  info: SceneInfo;
  view: View;
}

export class Host {
  readonly playback: PlaybackState = { plays: false, speed: 1, reverse: false, loops: Infinity, sway: false, quality: "auto" };
  player: Player | undefined;
  failure: Failure | undefined;
  /** Where to begin, as the page's address says. */
  startView: View | undefined;
  /** The poster was taken away by a press or a program. */
  isDismissed = false;
  #surroundings: Surroundings;
  #chrome: Chrome;
  #cameraInput: CameraInputFrame;
  #visibility: Visibility;
  #kept: Kept | undefined;
  #farTimer = 0;
  /** Of what comes once for each scene, however often it is let go. */
  #told = new Set<string>();
  #wasPlaying = false;
  /** The timeline is held. */
  #isScrubbing = false;
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
    return stage === "empty" && this.#kept ? "picture" : stage;
  }

  /** Whether there is a scene to look into, and no poster before it. */
  get isShown(): boolean {
    // One that comes back shows the picture that it left until it goes on from there.
    return this.#hasScene && this.#isRevealed && !this.#kept;
  }

  get info(): SceneInfo | undefined {
    return this.player?.info ?? this.#kept?.info;
  }

  /** Moment in frames. */
  get time(): number {
    return this.#kept?.view.time ?? this.player?.engine?.time ?? 0;
  }

  get camera(): CameraState | undefined {
    return this.#kept ? structuredClone(this.#kept.view.camera) : this.info && this.player?.engine?.camera;
  }

  /** Does what the surroundings ask for: loads, draws, lets go. */
  look(): void {
    if (this.player) this.player.isVisible = this.#visibility.isSeen;
    this.load();
    const isLeft = this.#visibility.isFar && this.player !== undefined && this.#element.loading !== "eager";
    if (isLeft && !this.#farTimer) this.#farTimer = window.setTimeout(() => void this.#rest(), FAR_MS);
    if (!isLeft) this.#stay();
  }

  /** Loads if it is time to. */
  load(): void {
    const { element, source } = this.#surroundings;
    if (this.player || this.failure || !source || !element.isConnected) return;
    this.#chrome.offerStart(element.reveal === "interaction" && !this.#isRevealed);
    if (!this.#isTime) return;
    const player = new Player(this.#listener(() => this.player === player), this.playback, this.#cameraInput);
    this.player = player;
    this.#chrome.progress(undefined, this.#kept !== undefined);
    const view = this.#kept?.view ?? this.startView;
    if (view) player.show(view);
    this.resize();
    this.#surroundings.settle();
    player.isVisible = this.#visibility.isSeen;
    const backend = element.backend === "webgpu" || element.backend === "webgl2" ? element.backend : undefined;
    if (typeof source === "string" && !URL.canParse(source, document.baseURI)) {
      return this.#failed(new LoadError("not-found", `${source}: no address`));
    }
    const found = typeof source === "string" ? new URL(source, document.baseURI).href : source;
    void player.start(found, this.#chrome.stage, this.#surroundings.base, backend);
  }

  /** Lets the scene go for good; the page's poster stays. */
  release(): void {
    this.#drop();
    this.#told.clear();
    [this.#kept, this.failure, this.#wasPlaying, this.#lastCamera] = [undefined, undefined, false, ""];
    const chrome = this.#chrome;
    chrome.setPoster(this.#element.poster || undefined);
    chrome.fail(undefined);
    chrome.note("");
  }

  setPlaying(plays: boolean): void {
    this.playback.plays = plays;
    this.player?.update();
    this.#tellPlaying();
  }

  show(view: View): void {
    if (this.#kept) view = Object.assign(this.#kept.view, view);
    this.player?.show(view);
  }

  /** To a moment in frames; the loop stands until `endScrub`. */
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

  /** Shows the scene that is kept behind the poster; loads it first if need be. */
  dismissPoster(): void {
    this.isDismissed = true;
    this.load();
    this.reveal();
  }

  /** The picture as a file. Rejects before there is a scene, and while it is far off screen. */
  async toBlob(type: string, quality?: number): Promise<Blob> {
    const { player } = this;
    if (!player) throw new Error("no scene is shown now");
    const pixels = await player.pixels();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [pixels.width, pixels.height];
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(`no picture of type ${type} can be made`))), type, quality));
  }

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
    };
    this.#chrome.showBar(facts || undefined);
  }

  get #hasScene(): boolean {
    return this.stage === "still" || this.stage === "motion";
  }

  get #isRevealed(): boolean {
    return this.#element.reveal === "auto" || this.isDismissed;
  }

  /** Whether it is time to load. */
  get #isTime(): boolean {
    const { loading } = this.#element;
    if (loading === "eager") return true;
    const { isNear, isOnScreen } = this.#visibility;
    // What was let go comes back before it is seen.
    return this.#isRevealed && (loading === "lazy" && !this.#kept ? isOnScreen : isNear);
  }

  /** Gives the engine back while nobody is near. Picture, camera and moment stay. */
  async #rest(): Promise<void> {
    const { player } = this;
    const picture = this.isShown ? await this.toBlob("image/jpeg", 0.92).catch(() => undefined) : undefined;
    // Somebody may have come meanwhile.
    if (!player || player !== this.player || !this.#farTimer) return;
    const { engine, info } = player;
    if (picture) this.#chrome.setPoster(picture);
    // Before a picture there is no view either; one that was coming back is still what it was.
    if (picture && engine && info) this.#kept = { info, view: { camera: engine.camera, time: engine.time } };
    this.#drop();
  }

  /** It is not to be let go. */
  #stay(): void {
    clearTimeout(this.#farTimer);
    this.#farTimer = 0;
  }

  #drop(): void {
    this.#stay();
    this.player?.dispose();
    this.player = undefined;
    this.#chrome.stage.replaceChildren();
    this.#chrome.reveal(false);
    this.#chrome.progress(null, false);
    this.#chrome.showBar(undefined);
  }

  /** What the player tells; `isPresent`: it is still this element's. */
  #listener(isPresent: () => boolean): PlayerListener {
    const chrome = this.#chrome;
    const guarded = (listener: PlayerListener): PlayerListener =>
      Object.fromEntries(Object.entries(listener).map(([name, call]) => [name, (...args: never[]) => isPresent() && call(...args)])) as never;
    return guarded({
      info: ({ width, height }) => chrome.setShape(width, height),
      picture: (jpeg) => {
        if (!this.#kept) chrome.setPoster(jpeg);
        this.reveal();
        this.#tellOnce("poster");
      },
      reached: (stage) => {
        if (stage === "motion") this.#kept = undefined;
        this.reveal();
        this.#tellOnce(stage);
        this.#tellPlaying();
        if (stage === "still") this.#surroundings.offerControls();
      },
      noMotion: (why) => {
        this.#kept = undefined;
        this.reveal();
        chrome.note(why, true);
        this.#tellOnce("no-motion", { why });
      },
      progress: (received, total) => {
        chrome.progress(total ? Math.min(1, received / total) : undefined, this.isShown || this.#kept !== undefined);
        if (!this.#told.has("load")) this.#tell("progress", { received, total });
      },
      loaded: () => {
        chrome.progress(null, true);
        this.#tellOnce("load");
      },
      drawn: (changed) => this.#drawn(changed),
      lost: (isBack) => chrome.note(isBack ? "" : "The graphics chip stopped; starting again …", !isBack),
      failed: (error) => this.#failed(error),
    });
  }

  #failed(error: unknown): void {
    const failure = describe(error);
    this.#chrome.progress(null, true);
    // What is there already stays to be looked at.
    this.#kept = undefined;
    if (this.#hasScene && failure.code !== "lost") {
      this.reveal();
      this.#chrome.note(`${failure.title}. What had come can be seen.`, true);
    } else {
      this.#drop();
      this.failure = failure;
      this.#chrome.offerStart(false);
      this.#chrome.fail(failure);
    }
    this.#tell("error", failure);
  }

  #drawn(changed: boolean): void {
    const { player } = this;
    const { engine, info } = player ?? {};
    if (!player || !engine || !info) return;
    this.#tellPlaying();
    this.showBar();
    if (changed && !this.#kept) {
      const camera = JSON.stringify(engine.camera);
      if (camera !== this.#lastCamera && this.#lastCamera) this.#tell("camera-change");
      this.#lastCamera = camera;
    }
    const now = performance.now();
    if (now - this.#lastTick < TICK_MS) return;
    this.#lastTick = now;
    if (engine.playing) this.#tell("timeupdate");
    const { speed, quality } = this.#element;
    this.#chrome.showFigures(engine.statistics(), player.fps, player.drawnSize, player.received);
    this.#chrome.showSettings(speed, quality, engine.renderScale, this.stage === "motion");
  }

  /**
   * Tells `play` or `pause` once the engine has begun or ended; as of a video, a `timeupdate` comes just before each `pause`.
   * Asked at each change and not only at each picture: a round can begin and end between two.
   */
  #tellPlaying(): void {
    // While it is let go, and on its way back, it counts as what it will do.
    const playing = this.#kept ? this.playback.plays : this.player?.engine?.playing ?? false;
    if (playing === this.#wasPlaying || !this.info || this.#isScrubbing) return;
    this.#wasPlaying = playing;
    if (!playing) this.#tell("timeupdate");
    this.#tell(playing ? "play" : "pause");
  }

  #tellOnce(type: string, detail?: unknown): void {
    if (this.#told.has(type)) return;
    this.#told.add(type);
    this.#tell(type, detail);
  }

  #tell(type: string, detail?: unknown): void {
    this.#element.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
