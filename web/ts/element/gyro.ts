/** Looking around by tilting a phone. The image acts as a window; the phone's angle determines from where one looks through it. */
import type { CameraInputFrame } from "./camera_input_frame.ts";

type Vec3 = [number, number, number];
/** Rows. */
type Mat3 = [Vec3, Vec3, Vec3];

/** Tilt from the neutral pose, in degrees, that reaches the end of the captured range. */
const FULL_DEG = 20;

/** Time constant with which the neutral pose follows the pose of the phone: in this time the difference falls to 1/e. */
const RECENTRE_S = 12;

/** After a pause this long the current pose becomes the neutral one. */
const PAUSE_MS = 1500;

interface PermissionAsking {
  requestPermission?: () => Promise<PermissionState>;
}

/** Whether this device may report its orientation. Browsers do so only on secure pages (https or localhost). */
export function isPossible(): boolean {
  return window.isSecureContext && "DeviceOrientationEvent" in window && matchMedia("(pointer: coarse)").matches;
}

/** The answer to `ask`. `press`: the browser accepts the question only while a button is pressed (iOS). */
export type Answer = "granted" | "denied" | "press";

/** Asks for permission where the browser requires it. */
export async function ask(): Promise<Answer> {
  const { requestPermission } = DeviceOrientationEvent as PermissionAsking;
  if (!requestPermission) return "granted";
  try {
    return (await requestPermission.call(DeviceOrientationEvent)) === "granted" ? "granted" : "denied";
  } catch {
    return "press";
  }
}

/** The rotation earth_from_device for the angles of a DeviceOrientationEvent in degrees: Z–X′–Y″, as its specification defines. */
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

/** Holds the neutral pose and turns poses into directions relative to it. */
export class Neutral {
  #axes: [Vec3, Vec3, Vec3] | undefined;
  #time = 0;

  /** The direction to look in for a pose, as fractions of the captured range to the right and down. `screenDeg`: rotation of the screen; `time` in milliseconds. */
  look(pose: Mat3, screenDeg: number, time: number): [number, number] {
    const axes: [Vec3, Vec3, Vec3] = [column(pose, 0), column(pose, 1), column(pose, 2)];
    const passed = time - this.#time;
    this.#time = time;
    if (!this.#axes || passed > PAUSE_MS) this.#axes = axes;
    // The direction into the screen, in axes of the neutral pose: a phone whose right edge turns away looks to the left.
    const into = unit(axes[2].map((x) => -x) as Vec3);
    const deg = (k: number) => (Math.asin(Math.max(-1, Math.min(1, dot(into, this.#axes![k]!)))) * 180) / Math.PI;
    const [x, y] = [deg(0), deg(1)];
    const fraction = 1 - Math.exp(-Math.max(0, passed) / 1000 / RECENTRE_S);
    if (passed <= PAUSE_MS) this.#follow(axes, fraction);
    const turn = (screenDeg * Math.PI) / 180;
    const onScreen = [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)];
    return [onScreen[0]! / FULL_DEG, -onScreen[1]! / FULL_DEG];
  }

  /** Moves the neutral pose a fraction of the way, and keeps its axes orthonormal. */
  #follow(axes: [Vec3, Vec3, Vec3], fraction: number): void {
    const mix = (a: Vec3, b: Vec3): Vec3 => a.map((value, i) => value + (b[i]! - value) * fraction) as Vec3;
    const z = unit(mix(this.#axes![2], axes[2]));
    const towardsX = mix(this.#axes![0], axes[0]);
    const x = unit(towardsX.map((value, i) => value - dot(towardsX, z) * z[i]!) as Vec3);
    this.#axes = [x, [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]], z];
  }
}

/** Listens until `signal` aborts. `first` is called at the first report of the device. */
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
