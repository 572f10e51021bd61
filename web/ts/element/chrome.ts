/** Everything over the image: poster, progress ring, bar, cards, messages. It only shows things and reports presses. */
import { Bar, type BarActions, type BarFacts } from "./bar.ts";
import { helpCard, SettingsCard, StatisticsCard, type SettingsActions } from "./cards.ts";
import { icon, make, sheet } from "./dom.ts";
import type { Statistics } from "../engine/index.ts";
import type { Failure } from "./failure.ts";
import { Ring } from "./progress.ts";

/** The bar fades after this long without input; a note disappears after this long. */
const IDLE_MS = 2600;
const NOTE_MS = 4000;

/** The hint appears after this long, and stays for this long. */
const PROMPT_MS = [2500, 9000] as const;

/** What presses do. */
export interface ChromeActions extends BarActions, SettingsActions {
  /** The large button over the poster was pressed. */
  start(): void;
  retry(): void;
  /** The button that asks for access to the phone's tilt was pressed. */
  tilt(): void;
  nextSpeed(): void;
}

export class Chrome {
  readonly root: HTMLElement;
  /** Contains the canvas; receives focus and gestures. */
  readonly stage = make("div", { class: "stage", part: "stage", role: "img", tabindex: "0" });
  /** A style sheet of this element only: the aspect ratio of its scene. */
  readonly shape = sheet("");
  readonly #bar: Bar;
  readonly #settings: SettingsCard;
  readonly #statistics = new StatisticsCard();
  readonly #help = helpCard();
  #poster = make("img", { class: "poster gone", part: "poster", alt: "", draggable: "false" });
  #posterUrl = "";
  #ring = new Ring();
  #message = make("div", { class: "message", part: "message", role: "alert", hidden: true });
  #note = make("div", { class: "note glass", part: "note", role: "status" });
  #prompt = make("div", { class: "prompt glass", part: "prompt", "aria-hidden": "true", hidden: true }, icon("hand"), make("span"));
  #start: HTMLButtonElement;
  #tilt: HTMLButtonElement;
  #actions: ChromeActions;
  /** Whether the bar was hidden when the current press began. */
  #wasIdle = true;
  #idleTimer = 0;
  #noteTimer = 0;
  #promptTimer = 0;

  constructor(actions: ChromeActions) {
    this.#actions = actions;
    this.#bar = new Bar(actions, () => actions.nextSpeed());
    this.#settings = new SettingsCard(actions);
    this.#start = make("button", { type: "button", class: "start", part: "button start-button", "aria-label": "Show the scene", hidden: true }, icon("play"));
    this.#start.addEventListener("click", () => actions.start());
    this.#tilt = make("button", { type: "button", class: "tilt glass", part: "button tilt-button", hidden: true }, icon("tilt"), "Tilt to look");
    this.#tilt.addEventListener("click", () => actions.tilt());
    this.root = make("div", { class: "root idle" }, this.stage, this.#poster, this.#ring.element, this.#start, this.#prompt,
      this.#statistics.element, this.#bar.element, this.#settings.element, this.#help, this.#tilt, this.#note, this.#message);
    // A poster that cannot be loaded is not shown.
    this.#poster.addEventListener("error", () => this.#poster.classList.add("gone"));
    for (const type of ["pointermove", "pointerdown", "keydown", "focusin"]) this.root.addEventListener(type, () => this.notice());
    this.root.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !this.#isHeldOpen && this.root.classList.add("idle"));
  }

  /** Sets the poster, from an address or from the package; `undefined` removes it. */
  setPoster(source: string | Blob | undefined): void {
    if (this.#posterUrl) URL.revokeObjectURL(this.#posterUrl);
    this.#posterUrl = source instanceof Blob ? URL.createObjectURL(source) : "";
    const url = source instanceof Blob ? this.#posterUrl : source;
    if (url) this.#poster.src = url;
    else this.#poster.removeAttribute("src");
    this.#poster.classList.toggle("gone", !url);
  }

  /** Shows the scene instead of the poster, or the poster again. */
  reveal(isRevealed: boolean): void {
    this.stage.classList.toggle("drawn", isRevealed);
    this.#poster.classList.toggle("gone", isRevealed || !this.#poster.src);
  }

  /** Sets the label for screen readers, whether dragging looks around, and whether keys do anything. */
  describe(label: string, looks: boolean, hasKeys: boolean): void {
    this.stage.setAttribute("aria-label", label);
    this.stage.classList.toggle("looks", looks);
    this.stage.tabIndex = hasKeys ? 0 : -1;
  }

  /** Gives the element the aspect ratio of its scene, unless the page sets another. */
  setShape(width: number, height: number): void {
    this.shape.replaceSync(`:host { aspect-ratio: var(--loop-3d-aspect-ratio, ${width} / ${height}); }`);
  }

  /** Shows the fraction of the bytes that have arrived: `undefined` where it is unknown, `null` when loading has ended. */
  progress(fraction: number | undefined | null, isSmall: boolean): void {
    if (fraction === null) this.#ring.hide();
    else this.#ring.show(fraction, isSmall);
  }

  /** Shows a message instead of the scene; `undefined` removes it. */
  fail(failure: Failure | undefined): void {
    this.#message.hidden = !failure;
    if (!failure) return this.#message.replaceChildren();
    this.#ring.hide();
    const retry = make("button", { type: "button" }, "Try again");
    retry.addEventListener("click", () => this.#actions.retry());
    this.#message.replaceChildren(make("strong", {}, failure.title), make("span", {}, failure.advice),
      make("code", {}, failure.detail), failure.mayRetry && retry || "");
  }

  /** Shows a line of text, for a while or, with `stays`, until the next one. */
  note(text: string, stays = false): void {
    clearTimeout(this.#noteTimer);
    this.#note.textContent = text;
    if (text && !stays) this.#noteTimer = window.setTimeout(() => (this.#note.textContent = ""), NOTE_MS);
  }

  /** Offers a large button in the middle. */
  offerStart(isOffered: boolean, label = "Show the scene"): void {
    this.#start.setAttribute("aria-label", label);
    this.#start.hidden = !isOffered;
  }

  offerTilt(isOffered: boolean): void {
    this.#tilt.hidden = !isOffered;
  }

  /** Schedules the hint that one can look around; `undefined` cancels it. */
  prompt(text: string | undefined): void {
    clearTimeout(this.#promptTimer);
    const show = (isShown: boolean) => (this.#prompt.hidden = !isShown);
    show(false);
    if (text === undefined) return;
    this.#prompt.lastElementChild!.textContent = text;
    this.#promptTimer = window.setTimeout(() => {
      show(true);
      this.#promptTimer = window.setTimeout(() => show(false), PROMPT_MS[1]);
    }, PROMPT_MS[0]);
  }

  /** Somebody is there: shows the bar for a while. */
  notice(): void {
    this.root.classList.remove("idle");
    clearTimeout(this.#idleTimer);
    this.#idleTimer = window.setTimeout(() => {
      if (this.#isHeldOpen) this.notice();
      else this.root.classList.add("idle");
    }, IDLE_MS);
  }

  /** Shows or hides the bar at once, as a tap does. */
  toggle(): void {
    // The press itself has shown the bar; what counts is whether it was visible before.
    if (this.#wasIdle) this.notice();
    else this.root.classList.add("idle");
  }

  /** To be called when a press begins, before `notice`. */
  rememberIdle(): void {
    this.#wasIdle = this.root.classList.contains("idle");
  }

  /** Opens a card, or closes it if it is open. At most one of help and settings is open. */
  card(which: "help" | "settings" | "statistics"): void {
    const card = { help: this.#help, settings: this.#settings.element, statistics: this.#statistics.element }[which];
    const opens = card.hidden;
    if (which !== "statistics") this.close();
    card.hidden = !opens;
  }

  /** Closes help and settings; false if none was open. */
  close(): boolean {
    const open = [this.#help, this.#settings.element].filter((card) => !card.hidden);
    for (const card of open) {
      // Keyboard focus inside the card moves to the stage, so that it is not lost.
      if (card.matches(":focus-within")) this.stage.focus({ preventScroll: true });
      card.hidden = true;
    }
    return open.length > 0;
  }

  showBar(facts: BarFacts | undefined): void {
    if (facts) this.#bar.show(facts, !this.#settings.element.hidden);
    else this.#bar.hide();
  }

  /** Updates the statistics card if it is open. */
  showFigures(figures: Statistics, fps: number, size: [number, number], bytes: number): void {
    if (!this.#statistics.element.hidden) this.#statistics.show(figures, fps, size, bytes);
  }

  /** Updates the settings card if it is open. */
  showSettings(speed: number, quality: string, scale: number, canPlay: boolean): void {
    if (!this.#settings.element.hidden) this.#settings.show(speed, quality, scale, canPlay);
  }

  /** Stops timers and frees object URLs. */
  release(): void {
    for (const timer of [this.#idleTimer, this.#noteTimer, this.#promptTimer]) clearTimeout(timer);
    if (this.#posterUrl) URL.revokeObjectURL(this.#posterUrl);
    this.#posterUrl = "";
    this.#prompt.hidden = true;
    this.#note.textContent = "";
    this.root.classList.add("idle");
  }

  get #isHeldOpen(): boolean {
    return !this.#help.hidden || !this.#settings.element.hidden || this.#bar.isScrubbing || this.#bar.element.matches(":hover");
  }
}
