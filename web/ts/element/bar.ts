/** The control bar at the lower edge: the timeline and the most frequent commands. */
import { icon, ICONS, make } from "./dom.ts";
import type { Command } from "./keys.ts";

/** What the bar shows. */
export interface BarFacts {
  /** Position and length in frames, and the loop's frames per second. */
  time: number;
  frames: number;
  fps: number;
  isPlaying: boolean;
  isReverse: boolean;
  speed: number;
  /** Whether there is motion to play. */
  canPlay: boolean;
  canShare: boolean;
  isFullscreen: boolean;
  /** Whether all of the scene is shown, or its edges are cropped; `undefined` where it has the element's shape. */
  isWhole: boolean | undefined;
}

/** What its controls do. */
export interface BarActions {
  command(command: Command): unknown;
  /** Seeks to a position in frames. */
  seek(frame: number): void;
  share(): unknown;
}

/** The speeds that the speed button cycles through. */
const SPEEDS = [1, 0.5, 0.25];

export const nextSpeed = (speed: number): number => SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length]!;

export class Bar {
  readonly element: HTMLElement;
  #timeline = make("input", { type: "range", part: "timeline", "aria-label": "Position in the loop", min: "0", step: "any", value: "0" });
  #clock = make("span", { class: "clock", part: "time" });
  #play: HTMLButtonElement;
  #reverse: HTMLButtonElement;
  #speed = make("button", { class: "speed", type: "button", "aria-label": "Speed", title: "Speed ([ and ])" });
  #share: HTMLButtonElement;
  #whole: HTMLButtonElement;
  #settings: HTMLButtonElement;
  #fullscreen: HTMLButtonElement;

  constructor(actions: BarActions, setSpeed: () => void) {
    const button = (name: keyof typeof ICONS, title: string, press: () => void, wide = false) => {
      const made = make("button", { type: "button", "aria-label": title, title, part: `button ${name}-button`, class: wide ? "wide" : "" }, icon(name));
      made.addEventListener("click", press);
      return made;
    };
    const asks = (command: Command) => () => actions.command(command);
    this.#play = button("play", "Play (space)", asks("play-or-pause"));
    this.#reverse = button("reverse", "Play backwards", asks("reverse"), true);
    this.#share = button("share", "Share this view", () => actions.share());
    this.#whole = button("whole", "Show all of it (W)", asks("whole"));
    this.#settings = button("settings", "Settings (Q)", asks("settings"));
    this.#fullscreen = button("enter", "Full screen (F)", asks("fullscreen"));
    this.#speed.addEventListener("click", setSpeed);
    this.#timeline.addEventListener("input", () => actions.seek(Number(this.#timeline.value)));
    const row = make("div", { class: "row" },
      this.#play, this.#reverse, this.#clock, make("span", { class: "gap" }), this.#speed,
      button("reset", "Reset the camera (R)", asks("reset"), true), button("camera", "Screenshot (S)", asks("screenshot"), true),
      this.#whole, this.#share, this.#settings, this.#fullscreen);
    this.element = make("div", { class: "bar glass away", part: "bar", role: "group", "aria-label": "Playback" }, this.#timeline, row);
  }

  /** Whether a finger or the mouse holds the timeline. */
  get isScrubbing(): boolean {
    return this.#timeline.matches(":active");
  }

  show(facts: BarFacts, isSettingsOpen: boolean): void {
    const { time, frames, fps, canPlay } = facts;
    this.element.classList.remove("away");
    this.#timeline.hidden = this.#play.hidden = this.#clock.hidden = this.#speed.hidden = !canPlay;
    this.#reverse.hidden = !canPlay;
    this.#share.hidden = !facts.canShare;
    this.#whole.hidden = facts.isWhole === undefined;
    this.#whole.title = facts.isWhole ? "Fill the window (W)" : "Show all of it (W)";
    this.#whole.setAttribute("aria-label", this.#whole.title);
    this.#fullscreen.hidden = !document.fullscreenEnabled;
    // The end of the loop is its start, so the slider stops just before it.
    this.#timeline.max = String(frames - 0.01);
    if (!this.isScrubbing) this.#timeline.value = String(time);
    this.#timeline.style.setProperty("--done", `${(100 * time) / frames}%`);
    const seconds = (frame: number) => (frame / fps).toFixed(2);
    this.#timeline.setAttribute("aria-valuetext", `${seconds(time)} of ${seconds(frames)} seconds`);
    this.#clock.textContent = `${seconds(time)} / ${seconds(frames)} s`;
    this.#speed.textContent = `${facts.isReverse ? "−" : ""}${Number(facts.speed.toFixed(2))}×`;
    this.#speed.classList.toggle("changed", facts.speed !== 1 || facts.isReverse);
    this.#relabel(this.#play, facts.isPlaying ? "pause" : "play", facts.isPlaying ? "Pause (space)" : "Play (space)");
    this.#relabel(this.#fullscreen, facts.isFullscreen ? "leave" : "enter", facts.isFullscreen ? "Exit full screen (F)" : "Full screen (F)");
    this.#reverse.setAttribute("aria-pressed", String(facts.isReverse));
    this.#settings.setAttribute("aria-expanded", String(isSettingsOpen));
  }

  hide(): void {
    this.element.classList.add("away");
  }

  #relabel(button: HTMLButtonElement, name: keyof typeof ICONS, title: string): void {
    if (button.title === title) return;
    button.replaceChildren(icon(name));
    button.title = title;
    button.setAttribute("aria-label", title);
  }
}
