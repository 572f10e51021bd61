/** A view of a scene in the address of the page: camera, position in the loop, speed. */
import type { CameraState } from "../engine/index.ts";

export interface View {
  camera?: CameraState;
  /** Position in the loop, in frames. */
  time?: number;
  speed?: number;
  playing?: boolean;
}

const round = (value: number) => Number(value.toFixed(4));

/** Encodes a view: `c` camera, `t` position, `s` speed, `p` whether it plays. */
export function encode(view: View): string {
  const parts = new URLSearchParams();
  if (view.camera) {
    const { orbit, pan, zoom } = view.camera;
    parts.set("c", [...orbit, ...pan, zoom].map(round).join(" "));
  }
  if (view.time !== undefined) parts.set("t", String(round(view.time)));
  if (view.speed !== undefined && view.speed !== 1) parts.set("s", String(round(view.speed)));
  if (view.playing === false) parts.set("p", "0");
  return parts.toString();
}

/** Decodes what `encode` wrote; what it does not understand is left out. */
export function decode(text: string): View {
  const parts = new URLSearchParams(text);
  const number = (name: string) => {
    const value = parts.get(name);
    return value !== null && value !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined;
  };
  const view: View = {};
  const c = parts.get("c")?.split(" ").map(Number) ?? [];
  if (c.length === 5 && c.every(Number.isFinite)) {
    view.camera = { orbit: [c[0]!, c[1]!], pan: [c[2]!, c[3]!], zoom: c[4]! };
  }
  const [time, speed] = [number("t"), number("s")];
  if (time !== undefined) view.time = time;
  if (speed !== undefined && speed > 0) view.speed = speed;
  if (parts.get("p") === "0") view.playing = false;
  return view;
}

/** The page's address with this view of the element `id` in its fragment. Views of other elements are kept. */
export function link(id: string, view: View): string {
  const url = new URL(location.href);
  url.hash = fragment(url.hash, id, encode(view));
  return url.href;
}

/** The view of the element `id` in the page's address. */
export function fromAddress(id: string): View | undefined {
  const text = sections(location.hash).get(id);
  return text === undefined ? undefined : decode(text);
}

function fragment(hash: string, id: string, text: string): string {
  const all = sections(hash).set(id, text);
  return [...all].map(([name, value]) => `${name}:${value}`).join("|");
}

/** Unescapes a fragment. Text that is not validly escaped (`#100%`) is returned as it is. */
function readable(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** The views in a fragment such as `#scene:c=…&t=…|other:…`, by element. */
function sections(hash: string): Map<string, string> {
  const parts = readable(hash.slice(1)).split("|").filter((part) => part.includes(":"));
  return new Map(parts.map((part) => [part.slice(0, part.indexOf(":")), part.slice(part.indexOf(":") + 1)]));
}
