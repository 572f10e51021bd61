/** The attributes of `<loop-3d>`, and the properties that reflect them. */

/** Text attributes, with the property's value where the attribute is absent. */
const TEXTS = {
  src: "", poster: "", alt: "", loading: "auto", reveal: "auto", "interaction-prompt": "auto",
  "touch-action": "pan-y", quality: "auto", backend: "auto",
} as const;

/** Boolean attributes. */
const FLAGS = ["autoplay", "controls", "camera-controls", "disable-zoom", "disable-pan", "hover", "gyro", "sway", "reverse", "share"] as const;

/** Number attributes, with the property's value where the attribute is absent or invalid. */
const NUMBERS = { speed: 1, loops: Infinity } as const;

/** The properties that reflect attributes; their names are in camel case. */
export interface Attributes {
  /** Address of the package (`*.glb`). */
  src: string;
  /** Address of an image to show until the scene's own preview arrives. */
  poster: string;
  /** Describes the scene for those who cannot see it. */
  alt: string;
  /** When loading begins: `auto` (near the screen), `lazy` (on the screen), `eager` (at once). An `eager` scene stays loaded; others are released when they are far from the screen. */
  loading: string;
  /** When the scene replaces the poster: `auto` (once it is drawn), `interaction` (a press loads and shows it), `manual` (`dismissPoster()`). */
  reveal: string;
  /** `auto` shows a hint until somebody moves the camera; `none` does not. */
  interactionPrompt: string;
  /** The touches that the browser handles itself: `pan-y` (scrolling), `pan-x`, `none`, `auto`. */
  touchAction: string;
  /** `auto` draws fewer pixels where the device is too slow; `full` always draws all; a number from 0.25 to 1 always draws this fraction along each side. */
  quality: string;
  /** `auto`, `webgpu`, `webgl2`. */
  backend: string;
  /** Plays as soon as it can, except for people who prefer reduced motion; the value `always` includes them. */
  autoplay: boolean;
  /** Shows the control bar. */
  controls: boolean;
  /** Dragging, pinching, the wheel and keys move the camera. */
  cameraControls: boolean;
  disableZoom: boolean;
  disablePan: boolean;
  /** The camera follows the mouse. */
  hover: boolean;
  /** The camera follows the phone's tilt. */
  gyro: boolean;
  /** The camera sways while nobody moves it. */
  sway: boolean;
  /** Plays backwards. */
  reverse: boolean;
  /** Shows a share button, and the page's address restores the view. */
  share: boolean;
  /** Playback speed, 0.1–4; 1 is the speed it was filmed at. */
  speed: number;
  /** Pauses after this many loops. */
  loops: number;
}

/** The names of all attributes. */
export const NAMES: readonly string[] = [...Object.keys(TEXTS), ...FLAGS, ...Object.keys(NUMBERS)];

const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Defines the properties on the prototype of an element class. */
export function reflect(prototype: HTMLElement): void {
  const define = (name: string, get: (element: HTMLElement) => unknown, set: (element: HTMLElement, value: unknown) => void) =>
    Object.defineProperty(prototype, camel(name), {
      configurable: true,
      enumerable: true,
      get(this: HTMLElement) {
        return get(this);
      },
      set(this: HTMLElement, value: unknown) {
        set(this, value);
      },
    });
  const write = (element: HTMLElement, name: string, value: unknown) =>
    value === null || value === undefined ? element.removeAttribute(name) : element.setAttribute(name, String(value));
  for (const [name, fallback] of Object.entries(TEXTS)) {
    define(name, (element) => element.getAttribute(name) ?? fallback, (element, value) => write(element, name, value));
  }
  for (const [name, fallback] of Object.entries(NUMBERS)) {
    const read = (element: HTMLElement) => {
      const text = element.getAttribute(name);
      const value = Number(text);
      return text !== null && text.trim() !== "" && value > 0 ? value : fallback;
    };
    define(name, read, (element, value) => write(element, name, value));
  }
  for (const name of FLAGS) {
    define(name, (element) => element.hasAttribute(name), (element, value) => element.toggleAttribute(name, Boolean(value)));
  }
}

/** Sets properties again that were set before the element was defined; as they are, they would hide the accessors. */
export function adopt(element: HTMLElement): void {
  for (const name of [...NAMES.map(camel), "srcObject", "camera"]) {
    if (!Object.hasOwn(element, name)) continue;
    const values = element as unknown as Record<string, unknown>;
    const value = values[name];
    delete values[name];
    values[name] = value;
  }
}
