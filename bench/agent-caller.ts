import {
  ACKNOWLEDGEMENT,
  type AgentAnswer,
  FRAME,
  FrameReader,
  ProtocolError,
  readAnswer,
} from "../src/agent/socket/protocol.ts";

/** Speaks to an agent as the shim does, without a process for each verb and with little work of its own. */
export class AgentCaller {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Sends a request that fits into a socket's buffer, acknowledges the answer, and resolves when the
   * agent has ended the connection.
   */
  async call(request: Uint8Array): Promise<AgentAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<AgentAnswer>();
    const reader = new FrameReader();
    let answer: AgentAnswer | undefined;
    await Bun.connect({
      unix: this.#path,
      socket: {
        open: (socket) => void socket.write(request),
        data: (socket, bytes) => {
          for (const { kind, body } of reader.push(bytes)) {
            if (kind !== FRAME.answer) continue;
            answer = readAnswer(body);
            socket.write(ACKNOWLEDGEMENT);
          }
        },
        close: () => {
          if (answer === undefined) reject(new ProtocolError("the agent ended without an answer"));
          else resolve(answer);
        },
        error: (_socket, failure) => reject(failure),
      },
    });
    return promise;
  }
}
