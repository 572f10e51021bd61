/** The attributes of `<loop-3d>` and the properties that reflect them. */

/** Attributes that are text; with the value of the property where there is none. */
const TEXTS = {
  src: "", poster: "", alt: "", loading: "auto", reveal: "auto", "interaction-prompt": "auto",
  "touch-action": "pan-y", quality: "auto", backend: "auto",
} as const;

/** Attributes that are there or not. */
const FLAGS = ["autoplay", "controls", "camera-controls", "disable-zoom", "disable-pan", "hover", "gyro", "sway", "reverse", "share"] as const;

/** Attributes that are numbers; likewise. */
const NUMBERS = { speed: 1, loops: Infinity } as const;

/** Properties that reflect attributes; names in camel case. */
export interface Attributes {
  /** Address of the package (`*.glb`). */
  src: string;
  /** A picture until the scene's own arrives. */
  poster: string;
  /** What the scene shows, for those who cannot see it. */
  alt: string;
  /** When loading begins: `auto` (near the screen), `lazy` (on the screen), `eager` (at once, and never let go). Other scenes are let go far from the screen. */
  loading: string;
  /** When the scene takes the poster's place: `auto`, `interaction` (a press loads and shows it), `manual` (`dismissPoster()`). */
  reveal: string;
  /** `auto`: a hint until the scene is touched; `none`. */
  interactionPrompt: string;
  /** What touches the browser keeps: `pan-y` (scrolling), `pan-x`, `none`, `auto`. */
  touchAction: string;
  /** `auto`: fewer pixels where the device is too slow; `full`: never; a number in 0.25…1: always so many. */
  quality: string;
  /** `auto`, `webgpu`, `webgl2`. */
  backend: string;
  /** Plays once it can, but not for people who prefer reduced motion; with the value `always` for them as well. */
  autoplay: boolean;
  /** The bar below the picture. */
  controls: boolean;
  /** Drag, pinch, wheel and keys move the camera. */
  cameraControls: boolean;
  disableZoom: boolean;
  disablePan: boolean;
  /** The camera follows the mouse. */
  hover: boolean;
  /** The camera follows the phone's tilt. */
  gyro: boolean;
  /** The camera sways while nobody touches it. */
  sway: boolean;
  /** Plays backwards. */
  reverse: boolean;
  /** A share button; and the page's address restores the view. */
  share: boolean;
  /** 1 as filmed; 0.1…4. */
  speed: number;
  /** Pauses after so many rounds. */
  loops: number;
}

/** All attributes, to be observed. */
export const NAMES: readonly string[] = [...Object.keys(TEXTS), ...FLAGS, ...Object.keys(NUMBERS)];

const camel = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Gives a class of elements the properties. */
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

/** Properties that were set before the element was defined would hide the accessors: they are set once more. */
export function adopt(element: HTMLElement): void {
  for (const name of [...NAMES.map(camel), "srcObject", "camera"]) {
    if (!Object.hasOwn(element, name)) continue;
    const values = element as unknown as Record<string, unknown>;
    const value = values[name];
    delete values[name];
    values[name] = value;
  }
}
