/** Sums what a person did to the camera between two frames. */
import type { CameraInput } from "./types.ts";

/** Nothing was done. */
export function idle(): Required<CameraInput> {
  return { orbit: [0, 0], pan: [0, 0], zoom: 0, isHeld: false, isNoticed: false, reset: false, pose: [0, 0] };
}

/** Both inputs, one after the other. The later pose counts. */
export function both(sum: Required<CameraInput>, input: CameraInput): Required<CameraInput> {
  const added = (a: [number, number], b: [number, number] = [0, 0]): [number, number] => [a[0] + b[0], a[1] + b[1]];
  return {
    orbit: added(sum.orbit, input.orbit),
    pan: added(sum.pan, input.pan),
    zoom: sum.zoom + (input.zoom ?? 0),
    isHeld: sum.isHeld || (input.isHeld ?? false),
    isNoticed: sum.isNoticed || (input.isNoticed ?? false),
    reset: sum.reset || (input.reset ?? false),
    pose: input.pose ?? sum.pose,
  };
}
