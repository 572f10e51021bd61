/** Automatic quality: from how fast pictures follow each other to how many pixels are drawn. Pure: no clock, no DOM. */

export interface Quality {
  /** Part of the element's pixels along each side. */
  scale: number;
  /** Whether neighbouring frames of the loop are blended. */
  blend: boolean;
}

/** From best to least: fewer pixels first; frames that are not blended last. */
export const LADDER: readonly Quality[] = [
  { scale: 1, blend: true }, { scale: 0.85, blend: true }, { scale: 0.7, blend: true },
  { scale: 0.6, blend: true }, { scale: 0.5, blend: true }, { scale: 0.5, blend: false },
];

/** Pictures that are judged together: so many, or fewer that took so long (ms), but never less than a few. */
const WINDOW = { pictures: 40, ms: 1500, least: 6 };

/** Slower than the display by this, four of five pictures: too slow. Within this: as fast as the display. */
const TOO_SLOW = 1.35;
const FAST = 1.12;

/** Longer intervals (ms) are pauses of the tab and not slowness. */
const PAUSE_MS = 1000;

/** More pictures than 120 a second are not worth fewer pixels, and less than 60 is not what a display shows (ms). */
const PERIOD_MS = [1000 / 120, 1000 / 60] as const;

/** Windows in a row that must be fast before more is tried: at first, and at most. */
const PATIENCE = [8, 128] as const;

/** A step down that makes pictures less than this faster does nothing: the pixels are not what takes the time. */
const WORTH = 0.94;

/** Goes down the ladder when pictures come late, and up again, ever more carefully, when they do not. */
export class AdaptiveQuality {
  #rung = 0;
  #intervals: number[] = [];
  #sum = 0;
  #periodMs: number = PERIOD_MS[1];
  #fastWindows = 0;
  #patience: number = PATIENCE[0];
  #wentUp = false;
  /** Median before the last step down. */
  #before = Infinity;
  #uselessSteps = 0;

  get quality(): Quality {
    return LADDER[this.#rung]!;
  }

  /** Forgets what was measured, as after a pause or a change of size. */
  restart(): void {
    [this.#intervals, this.#sum] = [[], 0];
    this.#before = Infinity;
  }

  /** Milliseconds from one picture to the next. Returns true when the quality has changed. */
  count(ms: number): boolean {
    if (!(ms > 0) || ms > PAUSE_MS) {
      this.restart();
      return false;
    }
    this.#intervals.push(ms);
    this.#sum += ms;
    const count = this.#intervals.length;
    if (count < WINDOW.pictures && (count < WINDOW.least || this.#sum < WINDOW.ms)) return false;
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
    // Two steps that did nothing: a phone that saves power shows 30 pictures a second whatever is drawn.
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
