/** What a person does to the camera, gathered from every device to one input a frame. Devices write here; the engine reads only this. */
import type { CameraInput } from "../engine/index.ts";

export type Vec2 = [number, number];

/** Seconds in which the look that hover or tilt ask for is approached to 1/e. */
const FOLLOW_S = 0.12;

/** Nearer to its goal than this part of the captured range, the look stands. */
const THERE = 1e-4;

export class CameraInputFrame {
  /** A button or finger is down. */
  isHeld = false;
  /** Where hover and tilt want to look, in parts of the captured range, −1…1; to the right and down. */
  readonly hover: Vec2 = [0, 0];
  readonly tilt: Vec2 = [0, 0];
  #orbit: Vec2 = [0, 0];
  #pan: Vec2 = [0, 0];
  #zoom = 0;
  #reset = false;
  #isNoticed = false;
  #pose: Vec2 = [0, 0];
  #wake: () => void;

  /** `wake` is called when there is something new for the next frame. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** A drag of the orbit, in pixels of the page. */
  orbit(x: number, y: number): void {
    this.#orbit = [this.#orbit[0] + x, this.#orbit[1] + y];
    this.#wake();
  }

  /** A drag of the picture, in pixels of the page. */
  pan(x: number, y: number): void {
    this.#pan = [this.#pan[0] + x, this.#pan[1] + y];
    this.#wake();
  }

  /** Doublings of the size of things. */
  zoom(doublings: number): void {
    this.#zoom += doublings;
    this.#wake();
  }

  reset(): void {
    this.#reset = true;
    this.#wake();
  }

  /** Somebody is there, though not at the camera. */
  notice(): void {
    this.#isNoticed = true;
    this.#wake();
  }

  /** Hover or tilt have another goal. */
  look(which: "hover" | "tilt", x: number, y: number): void {
    const clamp = (value: number) => Math.max(-1, Math.min(1, value));
    [this[which][0], this[which][1]] = [clamp(x), clamp(y)];
    this.#wake();
  }

  /** Whether the look is still on its way to where hover and tilt want it. */
  get isFollowing(): boolean {
    return [0, 1].some((i) => Math.abs(this.#goal(i) - this.#pose[i]!) > THERE);
  }

  /** The input since the last call, for an element of this height in pixels of the page. */
  take(height: number, seconds: number): CameraInput {
    const part = (drag: Vec2): Vec2 => [drag[0] / height, drag[1] / height];
    const rest = Math.exp(-seconds / FOLLOW_S);
    this.#pose = [0, 1].map((i) => {
      const next = this.#goal(i) + (this.#pose[i]! - this.#goal(i)) * rest;
      return Math.abs(next - this.#goal(i)) > THERE ? next : this.#goal(i);
    }) as Vec2;
    const input: CameraInput = {
      orbit: part(this.#orbit),
      pan: part(this.#pan),
      zoom: this.#zoom,
      isHeld: this.isHeld,
      isNoticed: this.#isNoticed,
      reset: this.#reset,
      pose: this.#pose,
    };
    [this.#orbit, this.#pan, this.#zoom, this.#reset, this.#isNoticed] = [[0, 0], [0, 0], 0, false, false];
    return input;
  }

  #goal(axis: number): number {
    return Math.max(-1, Math.min(1, this.hover[axis]! + this.tilt[axis]!));
  }
}
