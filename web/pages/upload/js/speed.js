// How fast it goes, over the last seconds: long enough to be calm, short enough to notice a change.

const WINDOW = 10000;

export class Speed {
  #samples = [];

  /** Begin anew: after a pause the time that passed says nothing. */
  reset() {
    this.#samples = [];
  }

  add(bytes, now = performance.now()) {
    this.#samples.push([now, bytes]);
    while (this.#samples.length > 2 && this.#samples[0][0] < now - WINDOW) this.#samples.shift();
  }

  /** Bytes a second; 0 where nothing is known yet. */
  get rate() {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || last[0] - first[0] < 500) return 0;
    return Math.max(0, ((last[1] - first[1]) * 1000) / (last[0] - first[0]));
  }
}
