// The files of this page, and at most two of them on their way at once: more would only share the line.

import { keepAwake } from "./awake.js";
import { Transfer } from "./transfer.js";

const PARALLEL = 2;

export class Queue {
  transfers = [];
  #onChange;

  /** `onChange(transfer)` is called on every change of one. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  add(file, begun = null) {
    const transfer = new Transfer(file, (changed) => this.#onChange(changed), begun);
    this.transfers.push(transfer);
    return transfer;
  }

  /** Send it when its turn comes. */
  start(transfer) {
    transfer.phase = "waiting";
    transfer.failure = null;
    this.#onChange(transfer);
    this.#next();
  }

  pause(transfer) {
    transfer.pause();
    this.#next();
  }

  remove(transfer) {
    this.transfers = this.transfers.filter((other) => other !== transfer);
    transfer.remove();
    this.#onChange(transfer);
    this.#next();
  }

  of(...phases) {
    return this.transfers.filter(({ phase }) => phases.includes(phase));
  }

  #next() {
    const free = PARALLEL - this.of("sending", "retrying").length;
    for (const transfer of this.of("waiting").slice(0, Math.max(0, free))) {
      transfer.run().finally(() => this.#next());
    }
    keepAwake(this.transfers.some(({ isActive }) => isActive));
  }
}
