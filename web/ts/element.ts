/** `<loop-3d>`: attributes, properties, events and methods; when to load, when to draw, when to let go. */
import { adopt, NAMES, reflect, type Attributes } from "./attributes.ts";
import type { BarFacts } from "./bar.ts";
import type { Chrome } from "./chrome.ts";
import { sheet } from "./dom.ts";
import type { CameraState, SceneInfo, Statistics } from "./engine.ts";
import { describe, LoadError, type Failure } from "./failure.ts";
import { Player, PIXEL_RATIO_CAP, type PlayerListener, type Stage, type Wishes } from "./player.ts";
import { fromAddress, type View } from "./share.ts";
import { STYLE } from "./style.ts";
import { Visitor } from "./visitor.ts";

/** `timeupdate` comes so often (ms), and the figures of the cards. */
const TICK_MS = 250;

/** Where the wasm files are: beside this script, unless a page says otherwise. */
export type Base = URL | ((file: string) => string);

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Loop3DElement extends Attributes {}

export class Loop3DElement extends HTMLElement {
  static readonly observedAttributes = NAMES;

  /** Where the wasm files are. To be set before the first element is made. */
  static base: Base = new URL("./", import.meta.url);

  readonly #visitor = new Visitor(this, () => this.#player);
  readonly #wishes: Wishes = { plays: false, speed: 1, reverse: false, loops: Infinity, sway: false, quality: "auto" };
  readonly #chrome: Chrome = this.#visitor.chrome;
  readonly #shape = sheet("");
  #player: Player | undefined;
  #blob: Blob | null = null;
  #abort: AbortController | undefined;
  #failure: Failure | undefined;
  #isNear = false;
  #isOnScreen = false;
  #isDismissed = false;
  #wasPlaying = false;
  #lastTick = 0;
  #lastCamera = "";
  #startView: View | undefined;
  #reduced = matchMedia("(prefers-reduced-motion: reduce)");

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE, this.#shape];
    root.append(this.#chrome.root);
  }

  // What it is and does, for pages.

  /** A package that is not at an address: a file that was dropped, say. It comes before `src`. */
  get srcObject(): Blob | null {
    return this.#blob;
  }
  set srcObject(blob: Blob | null) {
    this.#blob = blob;
    this.reload();
  }

  /** `empty`, `picture` (the package's own), `still`, `motion`: what can be seen of the scene. */
  get stage(): Stage {
    return this.#player?.stage ?? "empty";
  }

  /** Whether there is a scene to look into. @internal */
  get hasScene(): boolean {
    return this.stage === "still" || this.stage === "motion";
  }

  /** Whether the person prefers that nothing moves by itself. @internal */
  get isStillWanted(): boolean {
    return this.#reduced.matches;
  }

  /** Name of this element's view in the page's address. @internal */
  get shareId(): string {
    return this.id || "view";
  }

  /** Of the scene, once its head is there. */
  get info(): SceneInfo | undefined {
    return this.#player?.info;
  }

  /** Why there is nothing to see. */
  get error(): Failure | undefined {
    return this.#failure;
  }

  /** Whether it stands, or will once it could play. */
  get paused(): boolean {
    return !this.#wishes.plays;
  }

  /** Seconds. */
  get duration(): number {
    const { info } = this;
    return info ? info.frames / info.fps : NaN;
  }

  /** Seconds from the start of the loop. */
  get currentTime(): number {
    const { info } = this;
    return info ? (this.#player?.engine?.time ?? 0) / info.fps : 0;
  }
  set currentTime(seconds: number) {
    this.seek(seconds);
  }

  /** Where the camera stands: plain numbers, to be kept and set again. */
  get camera(): CameraState | undefined {
    return this.info && this.#player?.engine?.camera;
  }
  set camera(camera: CameraState | undefined) {
    if (camera) this.#show({ camera });
  }

  play(): void {
    this.#setPlaying(true);
  }

  pause(): void {
    this.#setPlaying(false);
  }

  /** Goes to a moment in seconds; beyond the loop it goes round. */
  seek(seconds: number): void {
    const { info } = this;
    if (info && Number.isFinite(seconds)) this.#show({ time: seconds * info.fps });
  }

  /** Back to where the reference camera stood. */
  resetCamera(): void {
    this.#visitor.hand.reset();
  }

  /** Shows the scene that `reveal="manual"` or `"interaction"` keeps behind the poster; loads it first if need be. */
  dismissPoster(): void {
    this.#isDismissed = true;
    this.#load();
    this.#reveal();
  }

  /** Loads the scene once more, from its start. */
  reload(): void {
    this.#release();
    this.#load();
  }

  /** Asks for the phone's tilt; iOS wants this from a press, until then there is a button. True where it was granted. */
  enableTilt(): Promise<boolean> {
    return this.#visitor.enableTilt();
  }

  /** The picture as a file: `image/png` unless another type is asked for. */
  async toBlob(type = "image/png", quality?: number): Promise<Blob> {
    if (!this.#player) throw new Error("no scene is shown yet");
    const pixels = await this.#player.pixels();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [pixels.width, pixels.height];
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(`no picture of type ${type} can be made`))), type, quality));
  }

  /** Figures of the moment; `undefined` before there is a scene. */
  statistics(): (Statistics & { picturesPerS: number; bytes: number; renderScale: number }) | undefined {
    const { engine, picturesPerS = 0, received = 0 } = this.#player ?? {};
    return engine && this.info && { ...engine.statistics(), picturesPerS, bytes: received, renderScale: engine.renderScale };
  }

  // Life.

  connectedCallback(): void {
    if (this.#abort) return; // Moved within the page.
    adopt(this);
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const seen = new IntersectionObserver(([...entries]) => {
      this.#isOnScreen = entries.at(-1)!.isIntersecting;
      this.#look();
    });
    const near = new IntersectionObserver(([...entries]) => {
      this.#isNear = entries.at(-1)!.isIntersecting;
      this.#load();
    }, { rootMargin: "100%" });
    const size = new ResizeObserver(() => this.#resize());
    for (const observer of [seen, near, size]) {
      observer.observe(this);
      signal.addEventListener("abort", () => observer.disconnect());
    }
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    document.addEventListener("fullscreenchange", () => this.#showBar(), { signal });
    window.addEventListener("hashchange", () => this.share && this.#show(fromAddress(this.shareId) ?? {}), { signal });
    this.#reduced.addEventListener("change", () => this.settle(), { signal });
    this.#visitor.listen(signal);
    if (this.share) this.#startView = fromAddress(this.shareId);
    if (this.autoplay && (!this.isStillWanted || this.getAttribute("autoplay") === "always")) this.#wishes.plays = true;
    if (this.#startView?.playing === false) this.#wishes.plays = false;
    if (this.#startView?.speed) this.speed = this.#startView.speed;
    this.#chrome.setPoster(this.poster || undefined);
    this.settle();
    this.#load();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#release();
      this.#chrome.release();
      this.#abort?.abort();
      this.#abort = undefined;
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#abort) return;
    if (name === "src") [this.#isDismissed, this.#startView] = [false, undefined];
    if (name === "src" || name === "backend") this.reload();
    else if (name === "poster" && this.stage === "empty") this.#chrome.setPoster(this.poster || undefined);
    else if (name === "autoplay") this.#setPlaying(this.autoplay && (!this.isStillWanted || after === "always"));
    this.settle();
    this.#load();
  }

  /** Loads if it is time to. */
  #load(): void {
    const source = this.#blob ?? this.src;
    if (this.#player || this.#failure || !source || !this.#abort) return;
    const isEager = this.loading === "eager";
    const isRevealed = this.reveal === "auto" || this.#isDismissed;
    this.#chrome.offerStart(this.reveal === "interaction" && !isRevealed);
    if (!isEager && (!isRevealed || !(this.loading === "lazy" ? this.#isOnScreen : this.#isNear))) return;
    const player = new Player(this.#listener(() => this.#player === player), this.#wishes, this.#visitor.hand);
    this.#player = player;
    this.#chrome.progress(undefined, false);
    if (this.#startView) player.show(this.#startView);
    this.#resize();
    this.settle();
    this.#look();
    const backend = this.backend === "webgpu" || this.backend === "webgl2" ? this.backend : undefined;
    if (typeof source === "string" && !URL.canParse(source, document.baseURI)) {
      return this.#failed(new LoadError("not-found", `${source}: no address`));
    }
    const found = typeof source === "string" ? new URL(source, document.baseURI).href : source;
    void player.start(found, this.#chrome.stage, Loop3DElement.base, backend);
  }

  /** Lets the scene go; the poster stays. */
  #release(): void {
    this.#player?.dispose();
    this.#player = undefined;
    this.#failure = undefined;
    this.#wasPlaying = false;
    this.#chrome.stage.replaceChildren();
    this.#chrome.setPoster(this.poster || undefined);
    this.#chrome.reveal(false);
    this.#chrome.fail(undefined);
    this.#chrome.note("");
    this.#chrome.progress(null, false);
    this.#chrome.showBar(undefined);
  }

  /** What the player tells; `isPresent`: it is still this element's. */
  #listener(isPresent: () => boolean): PlayerListener {
    const chrome = this.#chrome;
    const guarded = (listener: PlayerListener): PlayerListener =>
      Object.fromEntries(Object.entries(listener).map(([name, call]) => [name, (...args: never[]) => isPresent() && call(...args)])) as never;
    return guarded({
      info: ({ width, height }) => {
        this.#shape.replaceSync(`:host { aspect-ratio: var(--loop-3d-aspect-ratio, ${width} / ${height}); }`);
      },
      picture: (jpeg) => {
        chrome.setPoster(jpeg);
        this.#reveal();
        this.#tell("poster");
      },
      reached: (stage) => {
        this.#reveal();
        this.#tell(stage);
        this.#tellPlaying();
        if (stage === "still") this.#visitor.offer();
      },
      noMotion: (why) => {
        chrome.note(why, true);
        this.#tell("no-motion", { why });
      },
      progress: (received, total) => {
        chrome.progress(total ? Math.min(1, received / total) : undefined, this.hasScene);
        this.#tell("progress", { received, total });
      },
      loaded: () => {
        chrome.progress(null, true);
        this.#tell("load");
      },
      drawn: (changed) => this.#drawn(changed),
      lost: (isBack) => chrome.note(isBack ? "" : "The graphics chip stopped; starting again …", !isBack),
      failed: (error) => this.#failed(error),
    });
  }

  #failed(error: unknown): void {
    const failure = describe(error);
    const keeps = this.hasScene && failure.code !== "lost";
    this.#chrome.progress(null, true);
    // What is there already stays to be looked at.
    if (keeps) {
      this.#chrome.note(`${failure.title}. What had come can be seen.`, true);
    } else {
      this.#player?.dispose();
      this.#player = undefined;
      this.#failure = failure;
      this.#chrome.offerStart(false);
      this.#chrome.showBar(undefined);
      this.#chrome.fail(failure);
    }
    this.#tell("error", failure);
  }

  #drawn(changed: boolean): void {
    const { engine, info } = this.#player ?? {};
    if (!engine || !info) return;
    this.#tellPlaying();
    this.#showBar();
    if (changed) {
      const camera = JSON.stringify(engine.camera);
      if (camera !== this.#lastCamera && this.#lastCamera) this.#tell("camera-change");
      this.#lastCamera = camera;
    }
    const now = performance.now();
    if (now - this.#lastTick < TICK_MS) return;
    this.#lastTick = now;
    if (engine.playing) this.#tell("timeupdate");
    const { statistics, settings } = this.#chrome;
    const { picturesPerS, drawnSize, received } = this.#player!;
    if (!statistics.element.hidden) statistics.show(engine.statistics(), picturesPerS, drawnSize, received);
    if (!settings.element.hidden) settings.show(this.speed, this.quality, engine.renderScale, this.stage === "motion");
  }

  /**
   * Tells `play` or `pause` once the engine has begun or ended; as of a video, a `timeupdate` comes just before each `pause`.
   * Asked at each change and not only at each picture: a round can begin and end between two.
   */
  #tellPlaying(): void {
    const playing = this.#player?.engine?.playing ?? false;
    if (playing === this.#wasPlaying || !this.info || this.#visitor.isScrubbing) return;
    this.#wasPlaying = playing;
    if (!playing) this.#tell("timeupdate");
    this.#tell(playing ? "play" : "pause");
  }

  // What follows.

  #setPlaying(plays: boolean): void {
    this.#wishes.plays = plays;
    this.#player?.update();
    this.#tellPlaying();
  }

  #show(view: View): void {
    if (view.speed) this.speed = view.speed;
    if (view.playing === false) this.#setPlaying(false);
    this.#player?.show(view);
  }

  #reveal(): void {
    this.#chrome.reveal(this.hasScene && (this.reveal === "auto" || this.#isDismissed));
    this.#showBar();
  }

  /** Draws only while somebody can see it. */
  #look(): void {
    if (this.#player) this.#player.isVisible = this.#isOnScreen && document.visibilityState === "visible";
    this.#load();
  }

  #resize(): void {
    const { width, height } = this.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio, PIXEL_RATIO_CAP);
    this.#player?.resize(Math.round(width * ratio), Math.round(height * ratio), height);
  }

  /** Does what attributes and surroundings ask for. @internal */
  settle(): void {
    const { stage } = this.#chrome;
    const wishes = this.#wishes;
    Object.assign(wishes, { speed: this.speed, reverse: this.reverse, loops: this.loops, quality: this.quality });
    wishes.sway = this.sway && !this.isStillWanted && !this.#visitor.isTilting && !this.hover;
    stage.style.touchAction = this.cameraControls ? this.touchAction : "auto";
    const how = this.cameraControls ? ". Shift and arrow keys look around, plus and minus zoom." : "";
    this.#chrome.describe((this.alt || "A 3D video loop") + how, this.cameraControls);
    this.#player?.update();
    this.#reveal();
    if (this.hasScene) this.#visitor.offer();
  }

  #showBar(): void {
    const { engine, info } = this.#player ?? {};
    const isShown = this.controls && engine && info && this.hasScene;
    const facts: BarFacts | false | undefined = isShown && {
      time: engine.time, frames: info.frames, fps: info.fps, isPlaying: this.#wishes.plays, isReverse: this.reverse, speed: this.speed,
      canPlay: this.stage === "motion", canShare: this.share, isFullscreen: document.fullscreenElement === this,
    };
    this.#chrome.showBar(facts || undefined);
  }

  #tell(type: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

reflect(Loop3DElement.prototype);
