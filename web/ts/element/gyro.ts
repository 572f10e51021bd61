/** Parallax by tilting a phone: the picture is a window, and the phone's angle says from where one looks through it. */
import type { CameraInputFrame } from "./camera_input_frame.ts";

type Vec3 = [number, number, number];
/** Rows. */
type Mat3 = [Vec3, Vec3, Vec3];

/** Degrees away from the neutral pose that reach the end of what was filmed. */
const FULL_DEG = 20;

/** Seconds in which the neutral pose follows how the phone is held to 1/e. */
const RECENTRE_S = 12;

/** After such a pause (ms) the phone is held anew. */
const PAUSE_MS = 1500;

interface PermissionAsking {
  requestPermission?: () => Promise<PermissionState>;
}

/** Whether this device may report how it is held. Browsers do so only on secure pages (https, or localhost). */
export function isPossible(): boolean {
  return window.isSecureContext && "DeviceOrientationEvent" in window && matchMedia("(pointer: coarse)").matches;
}

/** What came of asking: `press`, where the browser wants to be asked from a press of a button (iOS). */
export type Answer = "granted" | "denied" | "press";

/** Asks, where browsers want to be asked. */
export async function ask(): Promise<Answer> {
  const { requestPermission } = DeviceOrientationEvent as PermissionAsking;
  if (!requestPermission) return "granted";
  try {
    return (await requestPermission.call(DeviceOrientationEvent)) === "granted" ? "granted" : "denied";
  } catch {
    return "press";
  }
}

/** Device → earth for the angles of a DeviceOrientationEvent (degrees): Z–X′–Y″, as its specification says. */
export function rotation(alpha: number, beta: number, gamma: number): Mat3 {
  const [a, b, c] = [alpha, beta, gamma].map((angle) => (angle * Math.PI) / 180) as Vec3;
  const [ca, sa, cb, sb, cc, sc] = [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b), Math.cos(c), Math.sin(c)];
  return [
    [ca * cc - sa * sb * sc, -cb * sa, ca * sc + cc * sa * sb],
    [cc * sa + ca * sb * sc, ca * cb, sa * sc - ca * cc * sb],
    [-cb * sc, sb, cb * cc],
  ];
}

const column = (m: Mat3, k: number): Vec3 => [m[0][k]!, m[1][k]!, m[2][k]!];
const dot = (a: Vec3, b: Vec3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const unit = (a: Vec3): Vec3 => a.map((x) => x / Math.sqrt(dot(a, a))) as Vec3;

/** Where the neutral pose is, and what a pose means against it. */
export class Neutral {
  #axes: [Vec3, Vec3, Vec3] | undefined;
  #time = 0;

  /** The look for a pose: parts of the captured range, to the right and down, for a screen turned by `screenDeg`. `time` in ms. */
  look(pose: Mat3, screenDeg: number, time: number): [number, number] {
    const axes: [Vec3, Vec3, Vec3] = [column(pose, 0), column(pose, 1), column(pose, 2)];
    const passed = time - this.#time;
    this.#time = time;
    if (!this.#axes || passed > PAUSE_MS) this.#axes = axes;
    // Straight into the screen, seen from the neutral pose: a phone whose right edge goes away looks to the left.
    const into = unit(axes[2].map((x) => -x) as Vec3);
    const deg = (k: number) => (Math.asin(Math.max(-1, Math.min(1, dot(into, this.#axes![k]!)))) * 180) / Math.PI;
    const [x, y] = [deg(0), deg(1)];
    const part = 1 - Math.exp(-Math.max(0, passed) / 1000 / RECENTRE_S);
    if (passed <= PAUSE_MS) this.#follow(axes, part);
    const turn = (screenDeg * Math.PI) / 180;
    const onScreen = [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
    return [onScreen[0]! / FULL_DEG, -onScreen[1]! / FULL_DEG];
  }

  /** Moves the neutral pose a part of the way, and keeps its axes square. */
  #follow(axes: [Vec3, Vec3, Vec3], part: number): void {
    const mix = (a: Vec3, b: Vec3): Vec3 => a.map((value, i) => value + (b[i]! - value) * part) as Vec3;
    const z = unit(mix(this.#axes![2], axes[2]));
    const towardsX = mix(this.#axes![0], axes[0]);
    const x = unit(towardsX.map((value, i) => value - dot(towardsX, z) * z[i]!) as Vec3);
    this.#axes = [x, [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]], z];
  }
}

/** Listens until `signal` aborts; `first` is called when the device reports for the first time. */
export function listen(input: CameraInputFrame, first: () => void, signal: AbortSignal): void {
  const neutral = new Neutral();
  let isFirst = true;
  window.addEventListener("deviceorientation", ({ alpha, beta, gamma, timeStamp }) => {
    // Desktops report once, without angles.
    if (beta === null || gamma === null) return;
    const look = neutral.look(rotation(alpha ?? 0, beta, gamma), screen.orientation?.angle ?? 0, timeStamp);
    input.look("tilt", ...look);
    if (isFirst) first();
    isFirst = false;
  }, { signal });
  signal.addEventListener("abort", () => input.look("tilt", 0, 0));
}
