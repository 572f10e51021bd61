/** Handles what a person does with one element: keys, buttons, gestures, tilt. */
import { nextSpeed } from "./bar.ts";
import { CameraInputFrame } from "./camera_input_frame.ts";
import { SPEEDS } from "./cards.ts";
import { Chrome, type ChromeActions } from "./chrome.ts";
import { make } from "./dom.ts";
import { describe } from "./failure.ts";
import * as gestures from "./gestures.ts";
import * as gyro from "./gyro.ts";
import type { Host } from "./host.ts";
import { CAMERA_KEYS, command as commandOf, type Command } from "./keys.ts";
import { link } from "./share.ts";
import type { Surroundings } from "./surroundings.ts";

/** How far a key moves the camera: like a drag of this many CSS pixels, and by these doublings. */
const KEY_PX = 24;
const KEY_ZOOM = 0.15;

/** Factor on the speed for a press of [ or ]. */
const SPEED_STEP = 1.25;

export class Interaction implements ChromeActions {
  readonly cameraInput = new CameraInputFrame(() => this.#host().player?.wake());
  readonly chrome = new Chrome(this);
  /** Whether the phone's tilt moves the camera. */
  isTilting = false;
  #surroundings: Surroundings;
  #host: () => Host;
  #isTouched = false;
  #hasAsked = false;
  #tilt: AbortController | undefined;

  /** `host` is called only once somebody does something, since the host is made after this object. */
  constructor(surroundings: Surroundings, host: () => Host) {
    [this.#surroundings, this.#host] = [surroundings, host];
  }

  get #element(): Surroundings["element"] {
    return this.#surroundings.element;
  }

  /** Listens until `signal` aborts. */
  listen(signal: AbortSignal): void {
    const { chrome } = this;
    const { root, stage } = chrome;
    stage.addEventListener("pointerdown", () => chrome.rememberIdle(), { signal, capture: true });
    root.addEventListener("keydown", (event) => this.#key(event), { signal });
    root.addEventListener("change", () => this.#host().endScrub(), { signal });
    gestures.listen(stage, this.cameraInput, this.#allowed(), () => this.#touched(), (pointer) => this.#tapped(pointer), signal);
    signal.addEventListener("abort", () => this.#stopTilt());
  }

  /** Offers the ways to look around: asks for tilt, shows the hint. */
  offer(): void {
    const { gyro: wantsTilt, cameraControls, interactionPrompt } = this.#element;
    // Asks only once: after a "no", asking again would be annoying.
    if (wantsTilt && !this.#hasAsked) void this.enableTilt();
    if (!wantsTilt) this.#stopTilt();
    const isHinted = interactionPrompt !== "none" && cameraControls && !this.#isTouched;
    this.chrome.prompt(isHinted ? (this.isTilting ? "Tilt or drag to look around" : "Drag to look around") : undefined);
  }

  /** Asks for access to the phone's tilt and follows it; true where access is granted. */
  async enableTilt(): Promise<boolean> {
    this.#hasAsked = true;
    const answer = gyro.isPossible() ? await gyro.ask() : "denied";
    this.chrome.offerTilt(answer === "press");
    // The attribute may have been removed while the question was open.
    if (answer === "granted" && !this.#tilt && this.#hasAsked && this.#element.isConnected) {
      this.#tilt = new AbortController();
      gyro.listen(this.cameraInput, () => {
        this.isTilting = true;
        this.#surroundings.settle();
      }, this.#tilt.signal);
    }
    return answer === "granted";
  }

  #stopTilt(): void {
    this.#tilt?.abort();
    [this.#tilt, this.isTilting, this.#hasAsked] = [undefined, false, false];
    this.chrome.offerTilt(false);
  }

  // The actions of the chrome.

  start(): void {
    this.#host().setPlaying(true);
    this.#host().dismissPoster();
    this.chrome.stage.focus({ preventScroll: true });
  }

  retry(): void {
    this.#surroundings.reload();
  }

  tilt(): void {
    void this.enableTilt();
  }

  nextSpeed(): void {
    this.#element.speed = nextSpeed(this.#element.speed);
  }

  setSpeed(speed: number): void {
    this.#element.speed = speed;
  }

  setQuality(quality: string): void {
    this.#element.quality = quality;
  }

  seek(frame: number): void {
    this.#host().scrub(frame);
  }

  /** Runs the command of a key or a button; false if there was nothing to do. */
  command(command: Command): boolean {
    const { cameraInput, chrome } = this;
    const [element, host] = [this.#element, this.#host()];
    if (CAMERA_KEYS.has(command)) this.#touched();
    switch (command) {
      case "play-or-pause": host.setPlaying(!host.playback.plays); break;
      case "previous-frame": case "next-frame": this.#step(command === "next-frame"); break;
      case "slower": element.speed = Math.max(SPEEDS[0], element.speed / SPEED_STEP); break;
      case "faster": element.speed = Math.min(SPEEDS[1], element.speed * SPEED_STEP); break;
      case "reverse": element.reverse = !element.reverse; break;
      case "reset": cameraInput.reset(); break;
      // The camera moves where the arrow points, whereas a drag pulls the scene.
      case "left": cameraInput.orbit(KEY_PX, 0); break;
      case "right": cameraInput.orbit(-KEY_PX, 0); break;
      case "up": cameraInput.orbit(0, KEY_PX); break;
      case "down": cameraInput.orbit(0, -KEY_PX); break;
      case "nearer": cameraInput.zoom(KEY_ZOOM); break;
      case "farther": cameraInput.zoom(-KEY_ZOOM); break;
      case "whole": host.toggleWhole(); break;
      case "fullscreen": this.#toggleFullscreen(); break;
      case "screenshot": void this.#screenshot(); break;
      case "help": case "settings": case "statistics": chrome.card(command); break;
      case "close": return chrome.close();
    }
    host.player?.wake();
    return true;
  }

  async share(): Promise<void> {
    const { camera, time, info, playback } = this.#host();
    if (!info) return;
    const url = link(this.#surroundings.shareId, { camera, time, speed: this.#element.speed, playing: playback.plays });
    try {
      if (matchMedia("(pointer: coarse)").matches && "share" in navigator) return await navigator.share({ url, title: document.title });
      await navigator.clipboard.writeText(url);
      this.chrome.note("Copied a link to this view");
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      // Without a clipboard the link goes to the address bar.
      history.replaceState(null, "", url);
      this.chrome.note("The link to this view is in the address bar");
    }
  }

  // Gestures and keys.

  /** Which gestures are allowed at the moment. */
  #allowed(): gestures.Allowed {
    const { element } = this.#surroundings;
    const [host, surroundings] = [this.#host, this.#surroundings];
    return {
      get look() { return element.cameraControls && host().isShown; },
      get zoom() { return !element.disableZoom; },
      get pan() { return !element.disablePan; },
      get hover() { return element.hover && host().isShown && !surroundings.prefersReducedMotion; },
      get touchAction() { return element.touchAction; },
      get canZoomOut() { return (host().camera?.zoom ?? 0) > host().leastZoom + 1e-3; },
    };
  }

  #touched(): void {
    if (this.#isTouched) return;
    this.#isTouched = true;
    this.chrome.prompt(undefined);
  }

  #tapped(pointer: string): void {
    if (this.chrome.close()) return;
    if (pointer !== "mouse") this.chrome.toggle();
  }

  #key(event: KeyboardEvent): void {
    const command = commandOf(event);
    const target = event.target as Element;
    const { controls, cameraControls } = this.#element;
    if (!command || event.defaultPrevented || !this.#host().isShown || !(controls || cameraControls)) return;
    // Sliders handle the arrow keys themselves, and buttons the space bar.
    if (target.matches("input") && event.key.startsWith("Arrow")) return;
    if (target.matches("button") && event.key === " ") return;
    // In a page, these keys scroll it.
    if (command === "reverse" && document.fullscreenElement !== this.#element) return;
    if (CAMERA_KEYS.has(command) && !cameraControls) return;
    if (this.command(command)) event.preventDefault();
    this.cameraInput.notice();
  }

  /** Pauses, and moves to the next whole frame or the previous one. */
  #step(forward: boolean): void {
    const host = this.#host();
    const { player } = host;
    if (!player?.engine || player.stage !== "motion") return;
    host.setPlaying(false);
    const { time } = player.engine;
    player.show({ time: forward ? Math.floor(time) + 1 : Math.ceil(time) - 1 });
  }

  #toggleFullscreen(): void {
    const done = document.fullscreenElement === this.#element ? document.exitFullscreen() : this.#element.requestFullscreen();
    done.catch(() => this.chrome.note("This browser does not allow full screen here."));
  }

  async #screenshot(): Promise<void> {
    try {
      const url = URL.createObjectURL(await this.#host().toBlob("image/png"));
      const file = new URL(this.#element.src || "scene", document.baseURI).pathname.split("/").at(-1) ?? "";
      const name = `${file.replace(/\.glb$/i, "") || "scene"}.png`;
      make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
      this.chrome.note(`Saved ${name}`);
    } catch (error) {
      this.chrome.note(`The screenshot failed: ${describe(error).detail}`);
    }
  }
}
