/** The page on which a person says what moves: masks are painted on a picture, arrows dragged, and both saved for `loop3d generate --move`. */
import { Board, colour, type Overlay } from "./board.ts";
import { Drawing, MOST_PARTS, simplified } from "./drawing.ts";
import { brush, lasso, type Point, wand } from "./mask.ts";
import { body } from "./saved.ts";

const TOOLS = { b: "brush", l: "lasso", w: "wand", e: "eraser", a: "arrow" } as const;
type Tool = (typeof TOOLS)[keyof typeof TOOLS];

/** What an arrow may be off the drag that made it, in screen pixels. */
const SMOOTH = 1.5;
/** A drag shorter than this, in screen pixels, is no arrow. */
const SHORTEST = 4;

const find = <T extends Element>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
};
const canvas = find<HTMLCanvasElement>("#board");
const stage = find<HTMLElement>("#stage");
const said = find<HTMLElement>("#said");
const list = find<HTMLElement>("#parts");
const size = find<HTMLInputElement>("#size");
const tolerance = find<HTMLInputElement>("#tolerance");
const background = find<HTMLSelectElement>("#background");
const playing = find<HTMLButtonElement>("#play");

/** Says something below the tools; screen readers hear it. */
const say = (text: string): void => {
  said.textContent = text;
};

async function start(): Promise<void> {
  const response = await fetch("picture.png");
  if (!response.ok) throw new Error("the picture cannot be loaded");
  const picture = await createImageBitmap(await response.blob());
  new Editor(picture).resize();
}

class Editor {
  readonly #board: Board;
  readonly #drawing: Drawing;
  readonly #rgba: Uint8ClampedArray;
  readonly #overlay: Overlay = { line: [], brush: undefined, cross: undefined, playing: false };
  #tool: Tool = "brush";
  #drag: number | undefined;
  #last: Point = { x: 0, y: 0 };
  #asked = false;

  constructor(picture: ImageBitmap) {
    this.#board = new Board(canvas, picture);
    this.#drawing = new Drawing({ width: picture.width, height: picture.height });
    this.#rgba = pixels(picture);
    this.#listen();
    this.choose("brush");
    this.#changed();
    say("Paint what moves, then choose the arrow and drag the way it goes.");
  }

  resize(): void {
    this.#board.fit(stage.getBoundingClientRect());
    this.#show();
  }

  choose(tool: Tool): void {
    this.#tool = tool;
    this.#overlay.brush = undefined;
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset["tool"] === tool));
    }
    size.disabled = tool !== "brush" && tool !== "eraser";
    tolerance.disabled = tool !== "wand";
    this.#show();
  }

  #listen(): void {
    new ResizeObserver(() => this.resize()).observe(stage);
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-tool]")) {
      button.addEventListener("click", () => this.choose(button.dataset["tool"] as Tool));
    }
    const clicks: Record<string, () => void> = {
      undo: () => this.#drawing.undo(), redo: () => this.#drawing.redo(), add: () => this.#drawing.add(), remove: () => this.#drawing.remove(),
    };
    for (const [name, act] of Object.entries(clicks)) {
      find(`#${name}`).addEventListener("click", () => {
        act();
        this.#changed();
      });
    }
    playing.addEventListener("click", () => this.#play());
    find("#save").addEventListener("click", () => void this.#save());
    size.addEventListener("input", () => this.#show());
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#cancel(event));
    canvas.addEventListener("pointerleave", () => {
      this.#overlay.brush = undefined;
      this.#show();
    });
    canvas.addEventListener("keydown", (event) => this.#keyOnBoard(event));
    canvas.addEventListener("blur", () => {
      this.#overlay.cross = undefined;
      this.#show();
    });
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  get #radius(): number {
    return Number(size.value) / 2;
  }

  get #value(): 0 | 1 {
    return this.#tool === "eraser" ? 0 : 1;
  }

  #down(event: PointerEvent): void {
    if (this.#drag !== undefined || event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    this.#overlay.cross = undefined;
    const at = this.#board.place(event);
    this.#begin(at);
    this.#drag = event.pointerId;
    this.#show();
  }

  #begin(at: Point): void {
    const { part } = this.#drawing;
    this.#last = at;
    if (this.#tool === "arrow" || this.#tool === "lasso") this.#overlay.line = [at];
    if (this.#tool === "arrow") return;
    this.#drawing.step();
    if (this.#tool === "wand") wand(part.mask, this.#drawing.size, this.#rgba, at, Number(tolerance.value), 1);
    if (this.#tool === "brush" || this.#tool === "eraser") brush(part.mask, this.#drawing.size, at, at, this.#radius, this.#value);
  }

  #move(event: PointerEvent): void {
    const at = this.#board.place(event);
    this.#overlay.brush = this.#tool === "brush" || this.#tool === "eraser" ? { at, radius: this.#radius } : undefined;
    if (this.#drag === event.pointerId) {
      // All places that the pointer went through, not only those that were drawn.
      const events = event.getCoalescedEvents?.() ?? [];
      for (const one of events.length > 0 ? events : [event]) this.#go(this.#board.place(one));
    }
    this.#show();
  }

  #go(at: Point): void {
    if (this.#tool === "arrow" || this.#tool === "lasso") this.#overlay.line.push(at);
    if (this.#tool === "brush" || this.#tool === "eraser") brush(this.#drawing.part.mask, this.#drawing.size, this.#last, at, this.#radius, this.#value);
    this.#last = at;
  }

  #up(event: PointerEvent): void {
    if (this.#drag !== event.pointerId) return;
    const { line } = this.#overlay;
    if (this.#tool === "lasso") lasso(this.#drawing.part.mask, this.#drawing.size, line, 1);
    if (this.#tool === "arrow") this.#setArrow(simplified(line, SMOOTH / this.#board.scale));
    this.#drag = undefined;
    this.#overlay.line = [];
    if (event.pointerType === "touch") this.#overlay.brush = undefined;
    this.#changed();
  }

  /** What was under way is taken back: the browser took the pointer for something else. */
  #cancel(event: PointerEvent): void {
    if (this.#drag !== event.pointerId) return;
    this.#drag = undefined;
    this.#overlay.line = [];
    if (this.#tool !== "arrow") this.#drawing.undo();
    this.#changed();
  }

  #setArrow(points: Point[]): void {
    const [first, last] = [points[0], points.at(-1)];
    const reach = first && last ? Math.max(...points.map((p) => Math.hypot(p.x - first.x, p.y - first.y))) : 0;
    if (reach * this.#board.scale < SHORTEST) return say("Drag farther for an arrow.");
    this.#drawing.step();
    this.#drawing.part.arrow = points;
  }

  /** The cross: arrow keys move it, the space bar paints or sets a corner, Enter ends an arrow. */
  #keyOnBoard(event: KeyboardEvent): void {
    const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    const { width, height } = this.#drawing.size;
    const at = this.#overlay.cross ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 };
    if (step) {
      const far = event.shiftKey ? 10 : 1;
      const within = (value: number, side: number): number => Math.min(side - 0.5, Math.max(0.5, value));
      this.#overlay.cross = { x: within(at.x + far * step[0], width), y: within(at.y + far * step[1], height) };
    } else if (event.key === " ") {
      this.#overlay.cross = at;
      if (this.#tool === "arrow" || this.#tool === "lasso") this.#overlay.line.push(at);
      else this.#begin(at);
      this.#changed();
    } else if (event.key === "Enter" && this.#overlay.line.length > 1) {
      if (this.#tool === "arrow") this.#setArrow(this.#overlay.line);
      if (this.#tool === "lasso") {
        this.#drawing.step();
        lasso(this.#drawing.part.mask, this.#drawing.size, this.#overlay.line, 1);
      }
      this.#overlay.line = [];
      this.#changed();
    } else return;
    event.preventDefault();
    this.#show();
  }

  #key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const letter = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (letter === "z" && !event.shiftKey) this.#drawing.undo();
      else if (letter === "y" || letter === "z") this.#drawing.redo();
      else if (letter === "s") void this.#save();
      else return;
      event.preventDefault();
      return this.#changed();
    }
    if (event.altKey) return;
    const tool = (TOOLS as Record<string, Tool>)[letter];
    if (tool) this.choose(tool);
    else if (letter === "p") this.#play();
    else if (letter === "n") this.#drawing.add();
    else if (letter === "[" || letter === "]") size.value = String(Number(size.value) + (letter === "[" ? -2 : 2));
    else if (letter === "escape" && this.#drag === undefined) this.#overlay.line = [];
    else if (/^[1-8]$/.test(letter)) this.#drawing.choose(Number(letter) - 1);
    else return;
    this.#changed();
  }

  #play(): void {
    this.#overlay.playing = !this.#overlay.playing;
    playing.setAttribute("aria-pressed", String(this.#overlay.playing));
    this.#show();
  }

  async #save(): Promise<void> {
    const { missing } = this.#drawing;
    if (missing) return say(missing);
    say("Saving …");
    const request = { method: "POST", headers: { "content-type": "application/json" }, body: await body(this.#drawing, background.value) };
    const response = await fetch("moves", request).catch(() => undefined);
    if (!response) return say("Not saved: the command that serves this page has ended. Start it again; what you drew is still here.");
    say(await response.text());
  }

  /** The list of parts, then the picture. */
  #changed(): void {
    const { parts, chosen } = this.#drawing;
    const buttons = parts.map((part, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = String(index + 1);
      const state = [part.mask.includes(1) ? "mask" : "no mask", part.arrow.length > 1 ? "arrow" : "no arrow"].join(", ");
      button.title = `Part ${index + 1}: ${state} (${index + 1})`;
      button.setAttribute("aria-label", `Part ${index + 1}: ${state}`);
      button.setAttribute("aria-pressed", String(index === chosen));
      button.style.setProperty("--part", colour(index, parts.length));
      button.addEventListener("click", () => {
        this.#drawing.choose(index);
        this.#changed();
      });
      return button;
    });
    list.replaceChildren(...buttons);
    find<HTMLButtonElement>("#add").disabled = parts.length >= MOST_PARTS;
    this.#show();
  }

  /** Draws at the next frame of the page, and goes on while tracks run. */
  #show(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame((now) => {
      this.#asked = false;
      this.#board.draw(this.#drawing, this.#overlay, now / 1000);
      if (this.#overlay.playing) this.#show();
    });
  }
}

/** The picture's values. */
function pixels(picture: ImageBitmap): Uint8ClampedArray {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [picture.width, picture.height];
  const context = copy.getContext("2d", { willReadFrequently: true });
  context?.drawImage(picture, 0, 0);
  return context?.getImageData(0, 0, picture.width, picture.height).data ?? new Uint8ClampedArray();
}

start().catch((error: unknown) => say(error instanceof Error ? `This does not work: ${error.message}.` : "This does not work."));
