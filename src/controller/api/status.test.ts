import { expect, test } from "bun:test";
import { IpamError } from "../../ipam/errors.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { statusOf } from "./status.ts";

const NASTY = `'x\u001b[2J\u202e${"y".repeat(9_000)}'`;

test.each([
  new IpamError("addressHeld", NASTY, NASTY),
  new StoreFailure("unavailable", NASTY, NASTY),
  new Error(NASTY),
])("M50: nothing is hidden in a failure that kubectl prints, and nothing endless", (failure) => {
  const { details, message } = statusOf(failure);
  for (const text of [message, ...(details?.causes ?? []).map((cause) => cause.message)]) {
    expect(text).toStartWith("'x\\u001b[2J\\u202eyyy");
    expect(text.length).toBeLessThan(4_200);
  }
});
