/** The ring that fills as bytes arrive: large over the poster, small in a corner once there is something to look at. */
import { make } from "./dom.ts";

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 10;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;

export class Ring {
  readonly element = make("div", { class: "ring glass gone", part: "progress", role: "progressbar", "aria-label": "Loading", "aria-valuemin": "0", "aria-valuemax": "100" });
  #arc: SVGCircleElement;

  constructor() {
    const circle = (name: string) => {
      const made = document.createElementNS(SVG, "circle");
      for (const [key, value] of Object.entries({ cx: 12, cy: 12, r: RADIUS, class: name })) made.setAttribute(key, String(value));
      return made;
    };
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    this.#arc = circle("arc");
    this.#arc.setAttribute("stroke-dasharray", String(CIRCUMFERENCE));
    svg.append(circle("rest"), this.#arc);
    this.element.append(svg);
  }

  /** Shows a fraction, 0–1; where it is unknown, the ring turns. */
  show(fraction: number | undefined, isSmall: boolean): void {
    const { element } = this;
    element.classList.remove("gone");
    element.classList.toggle("small", isSmall);
    element.classList.toggle("endless", fraction === undefined);
    this.#arc.setAttribute("stroke-dashoffset", String(CIRCUMFERENCE * (1 - (fraction ?? 0.25))));
    if (fraction === undefined) element.removeAttribute("aria-valuenow");
    else element.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
  }

  hide(): void {
    this.element.classList.add("gone");
  }
}
