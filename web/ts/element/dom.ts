/** Makes elements. Text never becomes markup and styles are never inline, so that a strict content security policy can be used. */

type Child = Node | string | undefined | false;

/** Makes an element with attributes (`true` sets an empty one, `false` none) and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string | boolean> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes a drawing from paths on 24×24 units, in the text's colour: outlines, or areas with `filled`. */
export function drawing(paths: string, filled = false): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  if (filled) svg.setAttribute("class", "filled");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", paths);
  svg.append(path);
  return svg;
}

/** The icons as paths on 24×24 units; those in FILLED are areas. */
export const ICONS = {
  play: "M8 5.2v13.6a.6.6 0 0 0 .92.5l10.5-6.8a.6.6 0 0 0 0-1L8.92 4.7A.6.6 0 0 0 8 5.2z",
  pause: "M7 5h3.4v14H7zM13.6 5H17v14h-3.4z",
  reverse: "M20 6v12l-7-6zM11 6v12l-7-6z",
  reset: "M4 5v5h5M4.6 10a8 8 0 1 1-.5 4",
  tilt: "M8.5 3.5h7a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM3.5 9 2 12l1.5 3M20.5 9 22 12l-1.5 3",
  camera: "M4 8h3.5L9 5.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1zM12 16.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6z",
  share: "M12 15V3.5M8 7l4-4 4 4M6 11H5v9.5h14V11h-1",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.6v4.8M9 14.6v4.8",
  statistics: "M5.5 20v-8M12 20V4.5M18.5 20v-5",
  help: "M9.2 9.2a2.9 2.9 0 1 1 4.3 2.5c-1 .6-1.5 1.2-1.5 2.3M12 17.6v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  enter: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  whole: "M3.5 7.5h17v9h-17zM8 3.5l4-2 4 2M8 20.5l4 2 4-2",
  leave: "M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5",
  hand: "M9 12V5.5a1.5 1.5 0 0 1 3 0V11m0-.5a1.5 1.5 0 0 1 3 0V12m0-.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6c-2.4 0-3.9-1-5-3l-2.6-4.6c-.8-1.5 1.2-2.7 2.2-1.4L9 14",
} as const;

const FILLED = new Set<string>(["play", "pause", "reverse"]);

/** Makes one of the icons. */
export const icon = (name: keyof typeof ICONS): SVGSVGElement => drawing(ICONS[name], FILLED.has(name));

/** Makes a style sheet that elements can share. A constructed sheet does not count as inline style. */
export function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}
