/**
 * What the scene and the interaction of one element know of it and may ask of it. `element.ts` provides this, so that neither of them
 * imports the element.
 */
import type { Attributes } from "./attributes.ts";

/** Where the wasm files are: the folder, or a function that turns a file's name into a URL. */
export type Base = URL | ((file: string) => string);

export interface Surroundings {
  /** The element in the page: its attributes as properties, its place and size, its events. */
  readonly element: HTMLElement & Attributes;
  /** The package: a file, or an address; empty where there is none. */
  readonly source: Blob | string;
  readonly base: Base;
  /** Name of this element's view in the page's address. */
  readonly shareId: string;
  /** Whether the person prefers that nothing moves by itself. */
  readonly prefersReducedMotion: boolean;
  /** Applies the attributes, and what depends on the surroundings. */
  settle(): void;
  /** Loads the scene again from the start. */
  reload(): void;
  /** Offers the ways to look around. */
  offerControls(): void;
}
