import { join } from "node:path";
import type { Answer, Command, FleetProcess } from "./fleet-commands.ts";

/** The processes of a simulated cluster. Each does one command at a time. */
export class FleetProcesses implements AsyncDisposable {
  /** Called when a process tells how far it is, with the addresses that all have given out. */
  progressed: (given: number) => void = () => undefined;
  readonly #children: Bun.Subprocess[] = [];
  readonly #given: number[] = [];
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];

  static async start(wishes: readonly FleetProcess[]): Promise<FleetProcesses> {
    const all = new FleetProcesses();
    await Promise.all(wishes.map((wish, index) => all.#spawn(wish, index)));
    return all;
  }

  /** Addresses of the pool that all pods have together. */
  get given(): number {
    return this.#given.reduce((sum, given) => sum + given, 0);
  }

  /** All processes do their command; resolves when the last one has. */
  ask(commandFor: (process: number) => Command): Promise<Answer[]> {
    return Promise.all(
      this.#children.map((child, index) => {
        const answer = this.#answerOf(index);
        child.send(commandFor(index));
        return answer;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill();
    await Promise.all(this.#children.map((child) => child.exited));
  }

  async #spawn(wish: FleetProcess, index: number): Promise<void> {
    this.#given[index] = 0;
    const ready = this.#answerOf(index);
    const command = [process.execPath, join(import.meta.dir, "fleet-process.ts"), JSON.stringify(wish)];
    const child = Bun.spawn(command, {
      stdio: ["ignore", "inherit", "inherit"],
      ipc: (answer: Answer) => this.#hear(index, answer),
      onExit: (_, code) => this.#waiting[index]?.reject(new Error(`process ${index} ended with ${code}`)),
    });
    this.#children[index] = child;
    await ready;
  }

  #answerOf(index: number): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting[index] = waiting;
    return waiting.promise;
  }

  #hear(index: number, answer: Answer): void {
    this.#given[index] = answer.given ?? 0;
    this.progressed(this.given);
    if (answer.done === true) this.#waiting[index]?.resolve(answer);
  }
}
