/** The cards over the image: settings, help, statistics. */
import { icon, ICONS, make } from "./dom.ts";
import type { Statistics } from "../engine/index.ts";
import { HELP, type Command } from "./keys.ts";

/** Slowest and fastest speed, as in the window of `loop3d view`. */
export const SPEEDS = [0.1, 4] as const;

/** What the settings do. */
export interface SettingsActions {
  command(command: Command): unknown;
  setSpeed(speed: number): void;
  setQuality(quality: string): void;
}

/** Speed, quality, and the commands that do not fit a narrow bar. */
export class SettingsCard {
  readonly element: HTMLElement;
  #speed = make("input", { type: "range", min: "-1", max: "0.61", step: "any", "aria-label": "Speed" });
  #speedText = make("span");
  #quality = make("input", { type: "range", min: "0.25", max: "1.05", step: "0.05", "aria-label": "Sharpness" });
  #qualityText = make("span");
  #playing: HTMLElement[];

  constructor(actions: SettingsActions) {
    const button = (name: keyof typeof ICONS, text: string, key: string, command: Command) => {
      const made = make("button", { type: "button" }, icon(name), text, key && make("kbd", {}, key));
      made.addEventListener("click", () => actions.command(command));
      return made;
    };
    // The slider is logarithmic and snaps to 1.
    this.#speed.addEventListener("input", () => {
      const exponent = Number(this.#speed.value);
      actions.setSpeed(Math.abs(exponent) < 0.04 ? 1 : Math.min(SPEEDS[1], Math.max(SPEEDS[0], 10 ** exponent)));
    });
    this.#quality.addEventListener("input", () => actions.setQuality(Number(this.#quality.value) > 1 ? "auto" : this.#quality.value));
    const speed = make("label", {}, make("span", {}, "Speed"), this.#speedText, this.#speed);
    const reverse = button("reverse", "Play backwards", "", "reverse");
    this.#playing = [speed, reverse];
    this.element = make("div", { class: "card glass settings", part: "card settings", role: "dialog", "aria-label": "Settings", hidden: true },
      speed, make("label", {}, make("span", {}, "Sharpness"), this.#qualityText, this.#quality), reverse,
      button("reset", "Reset the camera", "R", "reset"), button("camera", "Screenshot", "S", "screenshot"),
      button("statistics", "Statistics", "I", "statistics"), button("help", "Help", "H", "help"));
  }

  show(speed: number, quality: string, scale: number, canPlay: boolean): void {
    for (const part of this.#playing) part.hidden = !canPlay;
    this.#speed.value = String(Math.log10(speed));
    this.#speed.style.setProperty("--done", `${(100 * (Math.log10(speed) + 1)) / 1.61}%`);
    this.#speedText.textContent = `${speed.toFixed(2)}×`;
    const isAuto = quality === "auto";
    this.#quality.value = isAuto ? "1.05" : String(scale);
    this.#quality.style.setProperty("--done", `${((isAuto ? 0.8 : scale - 0.25) / 0.8) * 100}%`);
    this.#qualityText.textContent = isAuto ? `auto (${Math.round(100 * scale)} %)` : `${Math.round(100 * scale)} %`;
  }
}

/** Lists gestures and keys. */
export function helpCard(): HTMLElement {
  const lines = HELP.flatMap(([key, meaning]) => [make("dt", {}, key), make("dd", {}, meaning)]);
  return make("div", { class: "card glass", part: "card help", role: "dialog", "aria-label": "Help", hidden: true }, make("dl", {}, ...lines));
}

/** Current figures: speed, size, memory, video. */
export class StatisticsCard {
  readonly element = make("div", { class: "card glass statistics", part: "card statistics", role: "group", "aria-label": "Statistics", hidden: true });

  show(figures: Statistics, fps: number, size: [number, number], bytes: number): void {
    // Browsers that do not name the adapter report only its kind, in parentheses, or "other".
    const adapter = figures.adapter.trim().replace(/^\((.*)\)$/, "$1").replace(/^other$/, "not reported");
    const lines: [string, string][] = [
      ["frames", `${fps.toFixed(0)} fps, ${figures.cpuMs.toFixed(1)} ms of script`],
      ["size", `${size[0]} × ${size[1]}`],
      ["GPU", `${figures.backend === "webgpu" ? "WebGPU" : "WebGL 2"}, ${(figures.gpuBytes / 1e6).toFixed(0)} MB`],
      ["adapter", adapter],
      ["tiles", `${figures.tiles} in ${figures.draws} rectangles`],
      ["video", figures.codec ? `${figures.codec}, ${figures.decodedFrames} decoded, ${figures.framesMissed} late` : "none"],
      ["loaded", `${(bytes / 1e6).toFixed(2)} MB`],
    ];
    this.element.replaceChildren(make("dl", {}, ...lines.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])));
  }
}
