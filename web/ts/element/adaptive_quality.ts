/** Adaptive quality: decides from the intervals between frames how many pixels to draw. Pure: no clock, no DOM. */

export interface Quality {
  /** Fraction of the element's pixels along each side. */
  scale: number;
  /** Whether neighbouring frames of the loop are blended. */
  blend: boolean;
}

/** From best to worst: fewer pixels first; blending is given up last. */
export const LADDER: readonly Quality[] = [
  { scale: 1, blend: true }, { scale: 0.85, blend: true }, { scale: 0.7, blend: true },
  { scale: 0.6, blend: true }, { scale: 0.5, blend: true }, { scale: 0.5, blend: false },
];

/** Frames that are judged together: this many, or as many as fit into this time, but at least a few. */
const WINDOW = { frames: 40, ms: 1500, least: 6 };

/** Factors on the display's period, for the interval that four of five frames stay below: above the first the device is too slow, below the second it keeps up. */
const TOO_SLOW = 1.35;
const FAST = 1.12;

/** Longer intervals are pauses of the tab, not slowness. */
const PAUSE_MS = 1000;

/** Bounds on the period of the display: more than 120 frames per second are not worth fewer pixels, and no display is expected to show fewer than 60. */
const PERIOD_MS = [1000 / 120, 1000 / 60] as const;

/** Windows in a row that must be fast before a better quality is tried: at first, and at most. */
const PATIENCE = [8, 128] as const;

/** A step down that does not reduce the median interval to this factor is useless: the time goes elsewhere than into pixels. */
const WORTH = 0.94;

/** Steps down the ladder when frames are late, and up again, more and more cautiously, when they are not. */
export class AdaptiveQuality {
  #rung = 0;
  #intervals: number[] = [];
  #sum = 0;
  #periodMs: number = PERIOD_MS[1];
  #fastWindows = 0;
  #patience: number = PATIENCE[0];
  #wentUp = false;
  /** Median interval before the last step down. */
  #before = Infinity;
  #uselessSteps = 0;

  /** The quality to draw with. */
  get quality(): Quality {
    return LADDER[this.#rung]!;
  }

  /** Forgets the measurements, as after a pause or a change of size. */
  restart(): void {
    [this.#intervals, this.#sum] = [[], 0];
    this.#before = Infinity;
  }

  /** Records the milliseconds from one frame to the next. Returns true when the quality has changed. */
  count(ms: number): boolean {
    if (!(ms > 0) || ms > PAUSE_MS) {
      this.restart();
      return false;
    }
    this.#intervals.push(ms);
    this.#sum += ms;
    const count = this.#intervals.length;
    if (count < WINDOW.frames && (count < WINDOW.least || this.#sum < WINDOW.ms)) return false;
    const sorted = this.#intervals.sort((a, b) => a - b);
    [this.#intervals, this.#sum] = [[], 0];
    const [median, late] = [sorted[count >> 1]!, sorted[Math.floor(count * 0.8)]!];
    this.#periodMs = Math.min(this.#periodMs, Math.max(PERIOD_MS[0], median));
    if (late > TOO_SLOW * this.#periodMs) return this.#down(median);
    this.#before = Infinity;
    this.#uselessSteps = 0;
    return late < FAST * this.#periodMs ? this.#fast() : false;
  }

  #down(median: number): boolean {
    this.#fastWindows = 0;
    if (this.#wentUp) this.#patience = Math.min(2 * this.#patience, PATIENCE[1]);
    this.#wentUp = false;
    if (this.#rung === LADDER.length - 1) return false;
    this.#uselessSteps = median > WORTH * this.#before ? this.#uselessSteps + 1 : 0;
    this.#before = median;
    // Two useless steps: a phone that saves power shows 30 frames per second whatever is drawn.
    if (this.#uselessSteps >= 2) {
      this.#periodMs = median;
      this.#uselessSteps = 0;
      return this.#to(0);
    }
    return this.#to(this.#rung + 1);
  }

  #fast(): boolean {
    this.#fastWindows += 1;
    if (this.#rung === 0 || this.#fastWindows < this.#patience) return false;
    this.#fastWindows = 0;
    this.#wentUp = true;
    return this.#to(this.#rung - 1);
  }

  #to(rung: number): boolean {
    const changed = rung !== this.#rung;
    this.#rung = rung;
    return changed;
  }
}
