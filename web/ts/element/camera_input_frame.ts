/** Gathers what a person does to the camera, on every device, into one input per frame. Devices write here; the engine reads only this. */
import type { CameraInput } from "../engine/index.ts";

export type Vec2 = [number, number];

/** Time constant with which the pose approaches what hovering and tilting ask for: in this time the difference falls to 1/e. */
const FOLLOW_S = 0.12;

/** Closer to its goal than this fraction of the captured range, the pose has arrived. */
const ARRIVED = 1e-4;

export class CameraInputFrame {
  /** Whether a button or finger is down. */
  isHeld = false;
  /** Where hovering and tilting ask to look: fractions of the captured range, −1 to 1, to the right and down. */
  readonly hover: Vec2 = [0, 0];
  readonly tilt: Vec2 = [0, 0];
  #orbit: Vec2 = [0, 0];
  #pan: Vec2 = [0, 0];
  #zoom = 0;
  #reset = false;
  #isNoticed = false;
  #pose: Vec2 = [0, 0];
  #wake: () => void;

  /** `wake` is called when there is new input for the next frame. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Drags the orbit, in CSS pixels. */
  orbit(x: number, y: number): void {
    this.#orbit = [this.#orbit[0] + x, this.#orbit[1] + y];
    this.#wake();
  }

  /** Drags the image, in CSS pixels. */
  pan(x: number, y: number): void {
    this.#pan = [this.#pan[0] + x, this.#pan[1] + y];
    this.#wake();
  }

  /** Zooms, in doublings of the size of things. */
  zoom(doublings: number): void {
    this.#zoom += doublings;
    this.#wake();
  }

  /** Returns to the reference camera. */
  reset(): void {
    this.#reset = true;
    this.#wake();
  }

  /** Somebody is there but does not move the camera. */
  notice(): void {
    this.#isNoticed = true;
    this.#wake();
  }

  /** Sets the goal of hovering or tilting. */
  look(which: "hover" | "tilt", x: number, y: number): void {
    const clamp = (value: number) => Math.max(-1, Math.min(1, value));
    [this[which][0], this[which][1]] = [clamp(x), clamp(y)];
    this.#wake();
  }

  /** Whether the pose is still on its way to its goal. */
  get isFollowing(): boolean {
    return [0, 1].some((i) => Math.abs(this.#goal(i) - this.#pose[i]!) > ARRIVED);
  }

  /** The input since the last call, for an element of this height in CSS pixels. */
  take(height: number, seconds: number): CameraInput {
    const relative = (drag: Vec2): Vec2 => [drag[0] / height, drag[1] / height];
    const rest = Math.exp(-seconds / FOLLOW_S);
    this.#pose = [0, 1].map((i) => {
      const next = this.#goal(i) + (this.#pose[i]! - this.#goal(i)) * rest;
      return Math.abs(next - this.#goal(i)) > ARRIVED ? next : this.#goal(i);
    }) as Vec2;
    const input: CameraInput = {
      orbit: relative(this.#orbit),
      pan: relative(this.#pan),
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
