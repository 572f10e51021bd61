/** `<loop-3d>`: attributes, properties, events and methods; when to load, when to draw, when to let go. */
import { NAMES, reflect, type Attributes } from "./attributes.ts";
import { nextSpeed, type BarFacts } from "./bar.ts";
import { SPEEDS } from "./cards.ts";
import { Chrome } from "./chrome.ts";
import { make, sheet } from "./dom.ts";
import type { CameraState, SceneInfo, Statistics } from "./engine.ts";
import { describe, type Failure } from "./failure.ts";
import * as gestures from "./gestures.ts";
import * as gyro from "./gyro.ts";
import { Hand } from "./hand.ts";
import { CAMERA_KEYS, command as commandOf, type Command } from "./keys.ts";
import { Player, PIXEL_RATIO_CAP, type PlayerListener, type Stage, type Wishes } from "./player.ts";
import { fromAddress, link, type View } from "./share.ts";
import { STYLE } from "./style.ts";

/** A key's step of the camera: pixels of a drag, doublings. */
const KEY_PX = 24;
const KEY_ZOOM = 0.15;

/** A press of [ or ]. */
const SPEED_STEP = 1.25;

/** `timeupdate` comes so often (ms), and the statistics. */
const TIMEUPDATE_MS = 250;

/** Where the wasm files are: beside this script, unless a page says otherwise. */
export type Base = URL | ((file: string) => string);

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Loop3DElement extends Attributes {}

export class Loop3DElement extends HTMLElement {
  static readonly observedAttributes = NAMES;

  /** Where the wasm files are. To be set before the first element is made. */
  static base: Base = new URL("./", import.meta.url);

  readonly #hand = new Hand(() => this.#player?.wake());
  readonly #wishes: Wishes = { plays: false, speed: 1, reverse: false, loops: Infinity, sway: false, quality: "auto" };
  readonly #chrome: Chrome;
  readonly #shape = sheet("");
  #player: Player | undefined;
  #blob: Blob | null = null;
  #abort: AbortController | undefined;
  #failure: Failure | undefined;
  #isNear = false;
  #isOnScreen = false;
  #isDismissed = false;
  #isTouched = false;
  #tilt: AbortController | undefined;
  #isTilting = false;
  #isScrubbing = false;
  #wasPlaying = false;
  #lastTick = 0;
  #lastCamera = "";
  #startView: View | undefined;
  #reduced = matchMedia("(prefers-reduced-motion: reduce)");

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [STYLE, this.#shape];
    this.#chrome = new Chrome({
      command: (command) => this.#do(command),
      seek: (frame) => this.#scrub(frame),
      share: () => void this.#share(),
      start: () => this.#pressStart(),
      retry: () => this.reload(),
      tilt: () => void this.enableTilt(),
      nextSpeed: () => (this.speed = nextSpeed(this.speed)),
      setSpeed: (speed) => (this.speed = speed),
      setQuality: (quality) => (this.quality = quality),
    });
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

  /** Of the scene, once its head is there. */
  get info(): SceneInfo | undefined {
    return this.#player?.info;
  }

  /** Why there is nothing to see. */
  get error(): Failure | undefined {
    return this.#failure;
  }

  get paused(): boolean {
    return !this.#player?.engine?.playing;
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
    this.#hand.reset();
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
  async enableTilt(): Promise<boolean> {
    const answer = gyro.isPossible() ? await gyro.ask() : "denied";
    this.#chrome.offerTilt(answer === "press");
    if (answer === "granted") this.#listenToTilt();
    return answer === "granted";
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
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { stage } = this.#chrome;
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
    window.addEventListener("hashchange", () => this.share && this.#show(fromAddress(this.#shareId) ?? {}), { signal });
    this.#reduced.addEventListener("change", () => this.#update(), { signal });
    stage.addEventListener("pointerdown", () => this.#chrome.rememberIdle(), { signal, capture: true });
    this.shadowRoot!.addEventListener("keydown", (event) => this.#key(event as KeyboardEvent), { signal });
    this.shadowRoot!.addEventListener("change", () => this.#endScrub(), { signal });
    gestures.listen(stage, this.#hand, this.#allowed, () => this.#touched(), (pointer) => this.#tapped(pointer), signal);
    if (this.share) this.#startView = fromAddress(this.#shareId);
    if (this.autoplay && (!this.#reduced.matches || this.getAttribute("autoplay") === "always")) this.#wishes.plays = true;
    if (this.#startView?.playing === false) this.#wishes.plays = false;
    if (this.#startView?.speed) this.speed = this.#startView.speed;
    this.#chrome.setPoster(this.poster || undefined);
    this.#update();
    this.#load();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#release();
      this.#stopTilt();
      this.#chrome.release();
      this.#abort?.abort();
      this.#abort = undefined;
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#abort) return;
    if (name === "src") this.#isDismissed = false;
    if (name === "src" || name === "backend") this.reload();
    else if (name === "poster" && this.stage === "empty") this.#chrome.setPoster(this.poster || undefined);
    else if (name === "autoplay") this.#setPlaying(this.autoplay && (!this.#reduced.matches || after === "always"));
    this.#update();
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
    const player = new Player(this.#listener(() => this.#player === player), this.#wishes, this.#hand);
    this.#player = player;
    this.#chrome.progress(undefined, false);
    if (this.#startView) player.show(this.#startView);
    this.#resize();
    this.#update();
    this.#look();
    const backend = this.backend === "webgpu" || this.backend === "webgl2" ? this.backend : undefined;
    const url = typeof source === "string" ? new URL(source, document.baseURI).href : source;
    void player.start(url, this.#chrome.stage, Loop3DElement.base, backend);
  }

  /** Lets the scene go; the poster stays. */
  #release(): void {
    this.#player?.dispose();
    this.#player = undefined;
    this.#failure = undefined;
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
        if (stage === "still") this.#offerLook();
      },
      noMotion: (why) => {
        chrome.note(`This scene stays still here: ${why}`, true);
        this.#tell("still", { why });
      },
      progress: (received, total) => {
        chrome.progress(total ? Math.min(1, received / total) : undefined, this.#hasScene);
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
    const keeps = this.#hasScene && failure.code !== "lost";
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
    if (engine.playing !== this.#wasPlaying && !this.#isScrubbing) {
      this.#wasPlaying = engine.playing;
      this.#tell(engine.playing ? "play" : "pause");
    }
    this.#showBar();
    if (changed) {
      const camera = JSON.stringify(engine.camera);
      if (camera !== this.#lastCamera && this.#lastCamera) this.#tell("camera-change");
      this.#lastCamera = camera;
    }
    const now = performance.now();
    if (now - this.#lastTick < TIMEUPDATE_MS) return;
    this.#lastTick = now;
    if (engine.playing) this.#tell("timeupdate");
    const { statistics, settings } = this.#chrome;
    const { picturesPerS, drawnSize, received } = this.#player!;
    if (!statistics.element.hidden) statistics.show(engine.statistics(), picturesPerS, drawnSize, received);
    if (!settings.element.hidden) settings.show(this.speed, this.quality, engine.renderScale, this.stage === "motion");
  }

  // What a person does.

  /** Read at each gesture. */
  get #allowed(): gestures.Allowed {
    const element = this;
    return {
      get look() { return element.cameraControls && element.#hasScene; },
      get zoom() { return !element.disableZoom; },
      get pan() { return !element.disablePan; },
      get hover() { return element.hover && element.#hasScene && !element.#reduced.matches; },
      get touchAction() { return element.touchAction; },
      get canZoomOut() { return (element.camera?.zoom ?? 0) > 1e-3; },
    };
  }

  #touched(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    this.#chrome.prompt(undefined);
  }

  #tapped(pointer: string): void {
    if (this.#chrome.close()) return;
    if (pointer !== "mouse") this.#chrome.toggle();
  }

  #pressStart(): void {
    this.#setPlaying(true);
    this.dismissPoster();
    this.#chrome.stage.focus({ preventScroll: true });
  }

  #key(event: KeyboardEvent): void {
    const command = commandOf(event);
    const target = event.target as Element;
    if (!command || event.defaultPrevented) return;
    // A slider has its own arrows, and a button its space.
    if (target.matches("input") && event.key.startsWith("Arrow")) return;
    if (target.matches("button") && event.key === " ") return;
    if (CAMERA_KEYS.has(command) && !this.cameraControls) return;
    if (!this.#hasScene) return;
    if (this.#do(command)) event.preventDefault();
    this.#hand.notice();
  }

  /** Does what a key or a button asks for; false when there is nothing to do. */
  #do(command: Command): boolean {
    const hand = this.#hand;
    const chrome = this.#chrome;
    if (CAMERA_KEYS.has(command)) this.#touched();
    switch (command) {
      case "play-or-pause": this.#setPlaying(!this.#wishes.plays); break;
      case "back": case "on": this.#step(command === "on"); break;
      case "slower": this.speed = Math.max(SPEEDS[0], this.speed / SPEED_STEP); break;
      case "faster": this.speed = Math.min(SPEEDS[1], this.speed * SPEED_STEP); break;
      case "reverse": this.reverse = !this.reverse; break;
      case "reset": hand.reset(); break;
      // The camera goes where the arrow points; a drag pulls the scene.
      case "left": hand.orbit(KEY_PX, 0); break;
      case "right": hand.orbit(-KEY_PX, 0); break;
      case "up": hand.orbit(0, KEY_PX); break;
      case "down": hand.orbit(0, -KEY_PX); break;
      case "nearer": hand.zoom(KEY_ZOOM); break;
      case "farther": hand.zoom(-KEY_ZOOM); break;
      case "fullscreen": this.#toggleFullscreen(); break;
      case "screenshot": void this.#screenshot(); break;
      case "help": case "settings": case "statistics": chrome.card(command); this.#lastTick = 0; break;
      case "close": return chrome.close();
    }
    this.#player?.wake();
    return true;
  }

  #setPlaying(plays: boolean): void {
    this.#wishes.plays = plays;
    this.#player?.update();
  }

  /** Pauses, and goes to the next whole frame or the one before. */
  #step(forward: boolean): void {
    const { engine } = this.#player ?? {};
    if (!engine || this.stage !== "motion") return;
    this.#setPlaying(false);
    this.#show({ time: forward ? Math.floor(engine.time) + 1 : Math.ceil(engine.time) - 1 });
  }

  /** While the timeline is held the loop stands. */
  #scrub(frame: number): void {
    this.#isScrubbing = true;
    this.#player?.hold(true);
    this.#show({ time: frame });
  }

  #endScrub(): void {
    if (!this.#isScrubbing) return;
    this.#isScrubbing = false;
    this.#player?.hold(false);
  }

  #show(view: View): void {
    if (view.speed) this.speed = view.speed;
    if (view.playing === false) this.#setPlaying(false);
    this.#player?.show(view);
  }

  #toggleFullscreen(): void {
    const done = document.fullscreenElement === this ? document.exitFullscreen() : this.requestFullscreen();
    done.catch(() => this.#chrome.note("This browser does not allow the whole screen here."));
  }

  async #screenshot(): Promise<void> {
    try {
      const url = URL.createObjectURL(await this.toBlob());
      const name = new URL(this.src || "scene", document.baseURI).pathname.split("/").at(-1)!.replace(/\.glb$/i, "") || "scene";
      make("a", { href: url, download: `${name}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      this.#chrome.note(`Saved ${name}.png`);
    } catch (error) {
      this.#chrome.note(`No screenshot: ${describe(error).detail}`);
    }
  }

  get #shareId(): string {
    return this.id || "view";
  }

  async #share(): Promise<void> {
    const { engine } = this.#player ?? {};
    if (!engine) return;
    const view = { camera: engine.camera, time: engine.time, speed: this.speed, playing: this.#wishes.plays };
    const url = link(this.#shareId, view);
    try {
      if (matchMedia("(pointer: coarse)").matches && "share" in navigator) await navigator.share({ url, title: document.title });
      else await navigator.clipboard.writeText(url).then(() => this.#chrome.note("Copied a link to this view"));
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      // No clipboard: the address bar has it.
      history.replaceState(null, "", url);
      this.#chrome.note("The link to this view is in the address bar");
    }
  }

  // What follows from attributes and surroundings.

  get #hasScene(): boolean {
    return this.stage === "still" || this.stage === "motion";
  }

  #reveal(): void {
    this.#chrome.reveal(this.#hasScene && (this.reveal === "auto" || this.#isDismissed));
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

  #update(): void {
    const { stage } = this.#chrome;
    const wishes = this.#wishes;
    Object.assign(wishes, { speed: this.speed, reverse: this.reverse, loops: this.loops, quality: this.quality });
    wishes.sway = this.sway && !this.#reduced.matches && !this.#isTilting && !this.hover;
    stage.style.touchAction = this.cameraControls ? this.touchAction : "auto";
    const how = this.cameraControls ? ". Shift and arrow keys look around, plus and minus zoom." : "";
    this.#chrome.describe((this.alt || "A 3D video loop") + how, this.cameraControls);
    this.#player?.update();
    this.#reveal();
    this.#offerLook();
  }

  /** Offers what there is to look around with. */
  #offerLook(): void {
    if (!this.#hasScene) return;
    if (this.gyro && !this.#tilt) void this.enableTilt();
    if (!this.gyro && this.#tilt) this.#stopTilt();
    const wants = this.interactionPrompt !== "none" && this.cameraControls && !this.#isTouched;
    this.#chrome.prompt(wants ? "Drag to look around" : undefined);
  }

  #listenToTilt(): void {
    if (!this.#abort || this.#tilt) return;
    this.#tilt = new AbortController();
    gyro.listen(this.#hand, () => {
      this.#isTilting = true;
      this.#update();
      if (!this.#isTouched) this.#chrome.prompt(this.interactionPrompt === "none" ? undefined : "Tilt or drag to look around");
    }, this.#tilt.signal);
  }

  #stopTilt(): void {
    this.#tilt?.abort();
    this.#tilt = undefined;
    this.#isTilting = false;
  }

  #showBar(): void {
    const { engine, info } = this.#player ?? {};
    const isShown = this.controls && engine && info && this.#hasScene;
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
