/** Admission: so much at once, the rest in the order of its arrival. */

interface Waiting {
  readonly amount: number;
  readonly enter: () => void;
}

export class Gate {
  readonly #capacity: number;
  #used = 0;
  readonly #waiting: Waiting[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get used(): number {
    return this.#used;
  }

  /**
   * Waits for `amount` of the capacity; what it returns gives that back, once.
   *
   * @throws the error of `late` after `milliseconds`
   */
  async enter(amount: number, milliseconds: number, late: () => Error): Promise<() => void> {
    if (amount > this.#capacity) {
      throw new RangeError(
        `Expected at most ${String(this.#capacity)} but found ${String(amount)}`,
      );
    }
    if (this.#waiting.length > 0 || this.#used + amount > this.#capacity) {
      await this.#wait(amount, milliseconds, late);
    } else {
      this.#used += amount;
    }
    let entered = true;
    return () => {
      if (!entered) return;
      entered = false;
      this.#used -= amount;
      this.#admit();
    };
  }

  async #wait(amount: number, milliseconds: number, late: () => Error): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const waiting = {
        amount,
        enter: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(late());
        this.#admit();
      }, milliseconds);
      this.#waiting.push(waiting);
    });
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#used + next.amount > this.#capacity) return;
      this.#waiting.shift();
      this.#used += next.amount;
      next.enter();
    }
  }
}
