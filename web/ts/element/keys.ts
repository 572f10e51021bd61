/** Keys: those of the window of `loop3d view`, and for the camera Shift with arrows, plus and minus. */

export type Command =
  | "play-or-pause" | "back" | "on" | "slower" | "faster" | "reverse" | "fullscreen" | "screenshot"
  | "help" | "statistics" | "settings" | "reset" | "close" | "left" | "right" | "up" | "down" | "nearer" | "farther";

/** The help card: what keys and the hand do. */
export const HELP: ReadonlyArray<readonly [string, string]> = [
  ["drag, one finger", "look around"],
  ["right drag, two fingers", "move the picture"],
  ["wheel, pinch", "zoom"],
  ["double click, R", "back to the start"],
  ["Space", "play or pause"],
  ["← →", "a frame back or on"],
  ["↑ ↓", "play the other way"],
  ["[ ]", "slower, faster"],
  ["Shift + arrows, + −", "look around, zoom"],
  ["F", "whole screen"],
  ["S", "screenshot"],
  ["I", "statistics"],
  ["Q", "speed and quality"],
  ["H", "this help"],
];

const PLAIN: Record<string, Command> = {
  " ": "play-or-pause", ArrowLeft: "back", ArrowRight: "on", ArrowUp: "reverse", ArrowDown: "reverse",
  "[": "slower", "]": "faster", f: "fullscreen", s: "screenshot", h: "help", "?": "help", F1: "help", i: "statistics",
  q: "settings", r: "reset", Escape: "close", "+": "nearer", "=": "nearer", "-": "farther",
};

const SHIFTED: Record<string, Command> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** Held down, these go on; the others would flicker. */
const REPEATS = new Set<Command>(["back", "on", "slower", "faster", "left", "right", "up", "down", "nearer", "farther"]);

/** Those that move the camera. */
export const CAMERA_KEYS = new Set<Command>(["reset", "left", "right", "up", "down", "nearer", "farther"]);

/** What a key asks for, if anything. */
export function command(event: KeyboardEvent): Command | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = (event.shiftKey ? SHIFTED[key] : undefined) ?? PLAIN[key];
  return found && event.repeat && !REPEATS.has(found) ? undefined : found;
}
