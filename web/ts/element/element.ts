/** The element `<loop-3d>`: its attributes, properties and methods, and its lifecycle in a page. */
import { adopt, NAMES, reflect, type Attributes } from "./attributes.ts";
import type { CameraState, SceneInfo, Statistics } from "../engine/index.ts";
import type { Failure } from "./failure.ts";
import { Host } from "./host.ts";
import { Interaction } from "./interaction.ts";
import type { Stage } from "./player.ts";
import { fromAddress, type View } from "./share.ts";
import { STYLE } from "./style.ts";
import type { Base, Surroundings } from "./surroundings.ts";
import { Visibility } from "./visibility.ts";

/** The properties that `reflect` defines. */
export interface Loop3DElement extends Attributes {}

export class Loop3DElement extends HTMLElement {
  static readonly observedAttributes = NAMES;

  /** Where the wasm files are: beside this script, unless a page sets another place before it makes the first element. */
  static base: Base = new URL("./", import.meta.url);

  readonly #visibility = new Visibility();
  readonly #surroundings = this.#makeSurroundings();
  readonly #interaction = new Interaction(this.#surroundings, () => this.#host);
  readonly #host = new Host(this.#surroundings, this.#interaction.chrome, this.#interaction.cameraInput, this.#visibility);
  readonly #reduced = matchMedia("(prefers-reduced-motion: reduce)");
  #blob: Blob | null = null;
  /** Defined while the element is in a page; aborted when it is removed. */
  #abort: AbortController | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    const { chrome } = this.#interaction;
    root.adoptedStyleSheets = [STYLE, chrome.shape];
    root.append(chrome.root);
  }

  // The interface for pages.

  /** A package without an address, for example a dropped file. It takes precedence over `src`. */
  get srcObject(): Blob | null {
    return this.#blob;
  }
  set srcObject(blob: Blob | null) {
    this.#blob = blob;
    this.reload();
  }

  /** How much of the scene can be seen: `empty`, `poster` (the package's preview image), `static` (the scene without motion), `motion`. */
  get stage(): Stage {
    return this.#host.stage;
  }

  /** Facts about the scene, once its head has arrived. */
  get info(): SceneInfo | undefined {
    return this.#host.info;
  }

  /** Why the scene cannot be shown. */
  get error(): Failure | undefined {
    return this.#host.failure;
  }

  /** Whether it is paused, or will be once the scene can play. */
  get paused(): boolean {
    return !this.#host.playback.plays;
  }

  /** Length of the loop in seconds; NaN before it is known. */
  get duration(): number {
    const { info } = this;
    return info ? info.frames / info.fps : NaN;
  }

  /** Position in the loop, in seconds from its start. */
  get currentTime(): number {
    const { info } = this;
    return info ? this.#host.time / info.fps : 0;
  }
  set currentTime(seconds: number) {
    this.seek(seconds);
  }

  /** Where the camera is, as plain numbers that can be stored and set again. */
  get camera(): CameraState | undefined {
    return this.#host.camera;
  }
  set camera(camera: CameraState | undefined) {
    if (camera) this.#show({ camera });
  }

  play(): void {
    this.#host.setPlaying(true);
  }

  pause(): void {
    this.#host.setPlaying(false);
  }

  /** Moves to a position in seconds; positions outside the loop wrap around. */
  seek(seconds: number): void {
    const { info } = this;
    if (info && Number.isFinite(seconds)) this.#show({ time: seconds * info.fps });
  }

  /** Returns to the reference camera. */
  resetCamera(): void {
    this.#interaction.cameraInput.reset();
  }

  /** Shows the scene that `reveal="manual"` or `"interaction"` keeps behind the poster, and loads it first if necessary. */
  dismissPoster(): void {
    this.#host.dismissPoster();
  }

  /** Loads the scene again from the start. */
  reload(): void {
    this.#host.release();
    if (this.#abort) this.#host.load();
  }

  /** Asks for access to the phone's tilt; true where it is granted. iOS accepts this only during a press; until then the element shows a button. */
  enableTilt(): Promise<boolean> {
    return this.#interaction.enableTilt();
  }

  /** The image as a file, by default `image/png`. Rejects before there is a scene, and while the element is far from the screen. */
  toBlob(type = "image/png", quality?: number): Promise<Blob> {
    return this.#host.toBlob(type, quality);
  }

  /** Current figures; `undefined` before there is a scene, and while the element is far from the screen. `fps`: frames drawn per second. */
  statistics(): (Statistics & { fps: number; bytes: number; renderScale: number }) | undefined {
    const { engine, info, fps = 0, received = 0 } = this.#host.player ?? {};
    return engine && info && { ...engine.statistics(), fps, bytes: received, renderScale: engine.renderScale };
  }

  // The lifecycle.

  connectedCallback(): void {
    if (this.#abort) return; // It was moved within the page.
    adopt(this);
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const host = this.#host;
    this.#visibility.watch(this, () => host.look(), () => host.resize(), signal);
    document.addEventListener("fullscreenchange", () => host.showBar(), { signal });
    window.addEventListener("hashchange", () => this.share && this.#show(fromAddress(this.#surroundings.shareId) ?? {}), { signal });
    this.#reduced.addEventListener("change", () => this.#settle(), { signal });
    this.#interaction.listen(signal);
    const view = this.share ? fromAddress(this.#surroundings.shareId) : undefined;
    host.startView = view;
    if (this.#mayAutoplay) host.playback.plays = true;
    if (view?.playing === false) host.playback.plays = false;
    if (view?.speed) this.speed = view.speed;
    this.#interaction.chrome.setPoster(this.poster || undefined);
    this.#settle();
    host.load();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#host.release();
      this.#interaction.chrome.release();
      this.#abort?.abort();
      this.#abort = undefined;
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#abort) return;
    const host = this.#host;
    if (name === "src") [host.isDismissed, host.startView] = [false, undefined];
    if (name === "src" || name === "backend") this.reload();
    else if (name === "poster" && this.stage === "empty") this.#interaction.chrome.setPoster(this.poster || undefined);
    else if (name === "autoplay") host.setPlaying(this.#mayAutoplay);
    this.#settle();
    host.look();
  }

  /** What the scene and the interaction may know and ask for. */
  #makeSurroundings(): Surroundings {
    const element = this;
    return {
      element,
      get source() { return element.#blob ?? element.src; },
      get base() { return (element.constructor as typeof Loop3DElement).base; },
      get shareId() { return element.id || "view"; },
      get prefersReducedMotion() { return element.#reduced.matches; },
      settle: () => this.#settle(),
      reload: () => this.reload(),
      offerControls: () => this.#interaction.offer(),
    };
  }

  /** Applies the attributes, and what depends on the surroundings. */
  #settle(): void {
    const { chrome, isTilting } = this.#interaction;
    const { playback, player } = this.#host;
    Object.assign(playback, { speed: this.speed, reverse: this.reverse, loops: this.loops, quality: this.quality });
    playback.sway = this.sway && !this.#reduced.matches && !isTilting && !this.hover;
    chrome.stage.style.touchAction = this.cameraControls ? this.touchAction : "auto";
    const how = this.cameraControls ? ". Shift and arrow keys look around, plus and minus zoom." : "";
    chrome.describe((this.alt || "A 3D video loop") + how, this.cameraControls, this.cameraControls || this.controls);
    player?.update();
    this.#host.reveal();
    if (this.#host.isShown) this.#interaction.offer();
  }

  /** For people who prefer reduced motion only `autoplay="always"` plays. */
  get #mayAutoplay(): boolean {
    return this.autoplay && (!this.#reduced.matches || this.getAttribute("autoplay") === "always");
  }

  #show(view: View): void {
    if (view.speed) this.speed = view.speed;
    if (view.playing === false) this.pause();
    this.#host.show(view);
  }
}

reflect(Loop3DElement.prototype);
