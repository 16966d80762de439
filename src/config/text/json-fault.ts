/** Where a text stops being JSON, and what to do about it. */
export interface JsonFault {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  /** Continues "line 3, column 5: ". Holds no values: they may be secrets. */
  readonly problem: string;
  readonly remedy: string;
}

/** Deeper nesting than any configuration has; bounds the scanner's own stack. */
export const DEEPEST = 200;

/** JSON.parse does not say where it stopped, so this reads again, only to find the first fault. */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text);
  try {
    scanner.document();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.found;
    throw error;
  }
}

class Fault extends Error {
  readonly found: JsonFault;

  constructor(found: JsonFault) {
    super(found.problem);
    this.found = found;
  }
}

class Scanner {
  readonly #text: string;
  #at = 0;
  /** Just behind the last token: where a missing comma belongs. */
  #end = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): void {
    this.#blanks();
    if (this.#at === this.#text.length) this.#fail("the text is empty", "put a JSON object there");
    this.#value(0);
    this.#blanks();
    if (this.#at < this.#text.length) {
      this.#fail("there is more text after the end of the object", "look for a brace that closes too early");
    }
  }

  #value(depth: number): void {
    if (depth > DEEPEST) this.#fail("the nesting is too deep", "use fewer levels");
    const next = this.#text[this.#at];
    if (next === "{") this.#list("}", () => this.#member(depth));
    else if (next === "[") this.#list("]", () => this.#value(depth + 1));
    else if (next === '"') this.#string();
    else this.#literal();
    this.#end = this.#at;
  }

  #list(close: "}" | "]", item: () => void): void {
    this.#at += 1;
    this.#blanks();
    if (this.#take(close)) return;
    for (;;) {
      item();
      this.#blanks();
      if (this.#take(close)) return;
      if (!this.#take(",")) this.#noComma(close);
      this.#blanks();
      if (this.#text[this.#at] === close) {
        this.#fail(`there is a comma before '${close}'`, "remove the comma after the last entry");
      }
    }
  }

  #member(depth: number): void {
    if (this.#text[this.#at] !== '"') this.#noKey();
    this.#string();
    this.#end = this.#at;
    this.#blanks();
    if (!this.#take(":")) this.#fail("expected ':' after the key", 'write "key": value');
    this.#blanks();
    this.#value(depth + 1);
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    while (!this.#take('"')) {
      if (this.#take("\\")) this.#escape();
      else if ((this.#text.charCodeAt(this.#at) || 0) < 0x20) this.#unclosed(start);
      else this.#at += 1;
    }
  }

  #escape(): void {
    const known = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
    known.lastIndex = this.#at;
    const length = known.exec(this.#text)?.[0].length;
    if (length === undefined) this.#fail("unknown escape after '\\'", "write \\\\ for a backslash");
    this.#at += length;
  }

  #unclosed(start: number): never {
    this.#at = start;
    this.#fail("the quote that opens here is not closed on its line", 'put a " at the end of the text');
  }

  #literal(): void {
    const good = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])/y;
    good.lastIndex = this.#at;
    const found = good.exec(this.#text);
    if (found === null) this.#noValue();
    else this.#at += found[0].length;
  }

  #noComma(close: string): never {
    const before = this.#position(this.#end);
    const key = /"(?:[^"\\]|\\.)*"(?=\s*:)/y;
    key.lastIndex = this.#at;
    const name = key.exec(this.#text)?.[0];
    if (this.#at === this.#text.length) {
      this.#fail(
        `the text ends before '${close}'`,
        `close every bracket; the last entry ends in line ${before.line}`,
      );
    }
    this.#refuseOddities();
    this.#fail(
      `expected ',' or '${close}'${name ? ` before ${name}` : ""}`,
      `a comma is missing at the end of line ${before.line}, column ${before.column}`,
    );
  }

  #noKey(): never {
    if (this.#at === this.#text.length) this.#fail("the text ends before '}'", "close every bracket");
    this.#refuseOddities();
    this.#fail('expected a key in double quotes, or "}"', 'write every key as "key"');
  }

  #noValue(): never {
    if (this.#at === this.#text.length)
      this.#fail("the text ends where a value should be", "complete the entry");
    this.#refuseOddities();
    this.#fail(
      "expected a value",
      'a value is "text" in double quotes, a number, true, false, null, {…} or […]',
    );
  }

  #refuseOddities(): void {
    const rest = this.#text.slice(this.#at, this.#at + 2);
    if (/^['‘’“”„]/.test(rest))
      this.#fail(`'${rest[0]}' is not a JSON quote`, 'use the straight double quote "');
    if (/^(?:\/[/*]|#)/.test(rest)) this.#fail("JSON has no comments", "remove the comment");
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #blanks(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at += 1;
  }

  #position(at: number): { line: number; column: number } {
    const before = this.#text.slice(0, at).split("\n");
    return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
  }

  #fail(problem: string, remedy: string): never {
    throw new Fault({ ...this.#position(this.#at), problem, remedy });
  }
}
