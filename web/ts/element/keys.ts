/** Keys: those of the window of `loop3d view`; for the camera also Shift with the arrow keys, plus and minus. */

export type Command =
  | "play-or-pause" | "previous-frame" | "next-frame" | "slower" | "faster" | "reverse" | "fullscreen" | "screenshot"
  | "help" | "statistics" | "settings" | "reset" | "close" | "left" | "right" | "up" | "down" | "nearer" | "farther" | "whole";

/** The lines of the help card: gestures and keys, and what they do. */
export const HELP: ReadonlyArray<readonly [string, string]> = [
  ["drag, one finger", "look around"],
  ["right drag, two fingers", "move the image"],
  ["wheel, pinch", "zoom"],
  ["double click, R", "reset the camera"],
  ["W", "all of it, or fill the window"],
  ["Space", "play or pause"],
  ["← →", "previous, next frame"],
  ["↑ ↓ in full screen", "reverse the playback"],
  ["[ ]", "slower, faster"],
  ["Shift + arrows, + −", "look around, zoom"],
  ["F", "full screen"],
  ["S", "screenshot"],
  ["I", "statistics"],
  ["Q", "speed and quality"],
  ["H", "this help"],
];

const PLAIN: Record<string, Command> = {
  " ": "play-or-pause", ArrowLeft: "previous-frame", ArrowRight: "next-frame", ArrowUp: "reverse", ArrowDown: "reverse",
  "[": "slower", "]": "faster", f: "fullscreen", s: "screenshot", h: "help", "?": "help", F1: "help", i: "statistics",
  q: "settings", r: "reset", w: "whole", Escape: "close", "+": "nearer", "=": "nearer", "-": "farther",
};

const SHIFTED: Record<string, Command> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** The commands that repeat while a key is held down; the others would flicker. */
const REPEATS = new Set<Command>(["previous-frame", "next-frame", "slower", "faster", "left", "right", "up", "down", "nearer", "farther"]);

/** The commands that move the camera. */
export const CAMERA_KEYS = new Set<Command>(["reset", "left", "right", "up", "down", "nearer", "farther", "whole"]);

/** The command of a key, if it has one. */
export function command(event: KeyboardEvent): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = (event.shiftKey ? SHIFTED[key] : undefined) ?? PLAIN[key];
  return found && event.repeat && !REPEATS.has(found) ? undefined : found;
}
