/** Mouse, pen and touch on the image: one finger or the left button orbits, two fingers or another button pan, pinching and the wheel zoom. */
import type { CameraInputFrame, Vec2 } from "./camera_input_frame.ts";

/** Doublings per notch of a wheel, and the pixels and lines that browsers report for one. As in the window, three notches enlarge by half. */
const ZOOM_PER_NOTCH = 0.2;
const PX_PER_NOTCH = 100;
const LINES_PER_NOTCH = 3;

/** Pixels per doubling of a touchpad's pinch, which browsers report as a wheel with Ctrl. */
const PX_PER_PINCHED_DOUBLING = 70;

/** Two presses at most this far apart are a double press. */
const DOUBLE_MS = 350;
const DOUBLE_PX = 24;

/** A finger that moves less than this taps. */
const TAP_PX = 8;

/** Which gestures are allowed; read at each event. */
export interface Allowed {
  readonly look: boolean;
  readonly zoom: boolean;
  readonly pan: boolean;
  readonly hover: boolean;
  /** `touch-action`: the directions in which the browser itself scrolls. */
  readonly touchAction: string;
  /** Whether the camera is zoomed in. */
  readonly canZoomOut: boolean;
}

/** Listens until `signal` aborts. `touched` is called when a gesture moves the camera, `tapped` for a press that moves nothing. */
export function listen(
  surface: HTMLElement, input: CameraInputFrame, allowed: Allowed, touched: () => void, tapped: (pointerType: string) => void, signal: AbortSignal,
): void {
  const down = new Map<number, { at: Vec2; start: Vec2; orbits: boolean; isWaiting: boolean }>();
  let lastPress = { time: -Infinity, at: [0, 0] as Vec2 };
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    surface.addEventListener(type, listener, { signal, passive });
  const place = (event: MouseEvent): Vec2 => [event.clientX, event.clientY];
  const apart = (a: Vec2, b: Vec2) => Math.hypot(a[0] - b[0], a[1] - b[1]);

  on("pointerdown", (event) => {
    if (!allowed.look) return;
    const at = place(event);
    // Emulated and dispatched pointers cannot be captured; they work without it.
    try {
      surface.setPointerCapture(event.pointerId);
    } catch { /* nothing to do */ }
    down.set(event.pointerId, { at, start: at, orbits: event.button === 0 && !event.shiftKey, isWaiting: event.pointerType === "touch" });
    input.isHeld = true;
    input.look("hover", 0, 0);
    const isDouble = event.timeStamp - lastPress.time < DOUBLE_MS && apart(at, lastPress.at) < DOUBLE_PX;
    if (isDouble && down.size === 1) {
      input.reset();
      touched();
    }
    // The press after a double press is a first one.
    lastPress = { time: isDouble ? -Infinity : event.timeStamp, at };
  });

  on("pointermove", (event) => {
    const finger = down.get(event.pointerId);
    const at = place(event);
    if (!finger) {
      if (allowed.hover && event.pointerType === "mouse" && down.size === 0) {
        const box = surface.getBoundingClientRect();
        input.look("hover", (2 * (at[0] - box.left)) / box.width - 1, (2 * (at[1] - box.top)) / box.height - 1);
      }
      return;
    }
    const way: Vec2 = [at[0] - finger.at[0], at[1] - finger.at[1]];
    if (finger.isWaiting && down.size === 1) {
      // A finger that starts in a scrolling direction belongs to the browser, which cancels it a little later.
      const [across, along] = [Math.abs(at[0] - finger.start[0]), Math.abs(at[1] - finger.start[1])];
      const isScrolling = allowed.touchAction === (along > across ? "pan-y" : "pan-x");
      finger.isWaiting = isScrolling || Math.max(across, along) < TAP_PX;
      if (!isScrolling && finger.isWaiting) return;
      finger.at = at;
      if (isScrolling) return;
    }
    const other = [...down.values()].find((one) => one !== finger);
    if (down.size === 1 && (finger.orbits || !allowed.pan)) {
      input.orbit(...way);
    } else if (down.size === 1) {
      input.pan(...way);
    } else if (down.size === 2 && other) {
      if (allowed.pan) input.pan(way[0] / 2, way[1] / 2);
      const [before, after] = [apart(other.at, finger.at), apart(other.at, at)];
      if (allowed.zoom && before > 1 && after > 1) input.zoom(Math.log2(after / before));
    }
    finger.at = at;
    if (apart(at, finger.start) > TAP_PX || down.size > 1) touched();
  });

  const lift = (event: PointerEvent) => {
    const finger = down.get(event.pointerId);
    if (!finger) return;
    down.delete(event.pointerId);
    input.isHeld = down.size > 0;
    input.notice();
    if (event.type === "pointerup" && down.size === 0 && apart(place(event), finger.start) <= TAP_PX) tapped(event.pointerType);
  };
  // The element may be removed from the page in the middle of a drag.
  signal.addEventListener("abort", () => (input.isHeld = false));
  on("pointerup", lift);
  on("pointercancel", lift);
  on("pointerleave", () => input.look("hover", 0, 0));
  on("contextmenu", (event) => allowed.look && allowed.pan && event.preventDefault(), false);

  on("wheel", (event) => {
    if (!allowed.look || !allowed.zoom || event.deltaY === 0) return;
    // Fully zoomed out, the wheel scrolls the page.
    if (event.deltaY > 0 && !event.ctrlKey && !allowed.canZoomOut) return;
    event.preventDefault();
    const notches = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY / LINES_PER_NOTCH : event.deltaY / PX_PER_NOTCH;
    input.zoom(event.ctrlKey ? -event.deltaY / PX_PER_PINCHED_DOUBLING : -ZOOM_PER_NOTCH * notches);
    touched();
  }, false);
}
