import { connect } from "node:net";
import { ACKNOWLEDGEMENT, type AgentAnswer, FRAME, FrameReader, readAnswer } from "../src/agent/protocol.ts";

/** Speaks to an agent as the shim does, without a process for each verb. */
export class AgentCaller {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Sends a request, acknowledges the answer, and resolves when the agent has ended the connection. */
  call(request: Uint8Array): Promise<AgentAnswer> {
    return new Promise((resolve, reject) => {
      const reader = new FrameReader();
      let answer: AgentAnswer | undefined;
      const socket = connect(this.#path, () => socket.write(request));
      socket.on("data", (bytes: Buffer) => {
        for (const { kind, body } of reader.push(bytes)) {
          if (kind !== FRAME.answer) continue;
          answer = readAnswer(body);
          socket.write(ACKNOWLEDGEMENT);
        }
      });
      socket.once("error", reject);
      socket.once("close", () => {
        if (answer === undefined) reject(new Error("the agent ended without an answer"));
        else resolve(answer);
      });
    });
  }
}
