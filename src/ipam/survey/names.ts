/**
 * Numbers for names that come again and again: one text for each. A name is forgotten with its last use, because those
 * of namespaces and of nodes that come and go have no end.
 */
export class Names {
  readonly #numbers = new Map<string, number>();
  /** By number; 0 is that of no name, so that it stands in a row of zeros. */
  readonly #texts: string[] = [""];
  readonly #uses: number[] = [0];
  /** Numbers of forgotten names. */
  readonly #unused: number[] = [];

  /** How many names are in use. */
  get size(): number {
    return this.#numbers.size;
  }

  /** The number of the name that takes the place of another one's. */
  replace(number: number, text: string): number {
    const next = this.#use(text);
    this.drop(number);
    return next;
  }

  /** One use of the name has ended. */
  drop(number: number): void {
    if (number === 0) return;
    const left = (this.#uses[number] ?? 0) - 1;
    this.#uses[number] = left;
    if (left > 0) return;
    this.#numbers.delete(this.textOf(number));
    this.#texts[number] = "";
    this.#unused.push(number);
  }

  textOf(number: number): string {
    return this.#texts[number] ?? "";
  }

  #use(text: string): number {
    if (text === "") return 0;
    const known = this.#numbers.get(text);
    const number = known ?? this.#unused.pop() ?? this.#texts.length;
    if (known === undefined) {
      this.#numbers.set(text, number);
      this.#texts[number] = text;
      this.#uses[number] = 0;
    }
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    return number;
  }
}
