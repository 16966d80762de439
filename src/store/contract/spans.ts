import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import type { Span, WindowAnswer } from "../../ipam/store-port.ts";
import {
  cooling,
  options,
  putAll,
  putAllocation,
  putCooling,
  putReservation,
  type StoreUnderTest,
} from "./fixtures.ts";

/** Windows and counts: which addresses between two others are taken. */
export function spans(under: () => StoreUnderTest): void {
  async function look(first: string, last: string, limit: number) {
    const { windows } = await under().store.read({ windows: [{ ...span(first, last), limit }] }, options());
    return windows.map(inWords);
  }

  test("a window tells each kind of taken address, and nothing from outside", async () => {
    await putAll(
      under().store,
      ...["10.1.2.1", "10.1.2.2", "10.1.2.9", "10.1.2.10"].map((text) => putAllocation(text)),
      putAllocation("10.1.2.5", "c1", "another"),
      putCooling("10.1.2.4", 600),
      putReservation("10.1.2.3"),
    );
    expect(await look("10.1.2.2", "10.1.2.9", 100)).toEqual([
      {
        allocated: ["10.1.2.2", "10.1.2.9"],
        reserved: ["10.1.2.3"],
        cooling: ["10.1.2.4"],
        knownThrough: "10.1.2.9",
      },
    ]);
    const window = { ...span("10.1.2.2", "10.1.2.9"), limit: 100 };
    const query = { refs: [cooling("10.1.2.4")], windows: [window] };
    const { get, windows } = await under().store.read(query, options());
    expect(windows[0]?.cooling.map(({ revision }) => revision)).toEqual([
      get(cooling("10.1.2.4"))?.revision ?? -1,
    ]);
  });

  test("a window cut short by its limit says how far it knows", async () => {
    const { store } = under();
    await putAll(store, ...["10.1.2.2", "10.1.2.4", "10.1.2.6"].map((text) => putAllocation(text)));
    expect(await look("10.1.2.1", "10.1.2.20", 2)).toEqual([
      { allocated: ["10.1.2.2", "10.1.2.4"], reserved: [], cooling: [], knownThrough: "10.1.2.4" },
    ]);
  });

  test("the kind that is cut first decides how far a window knows, and what it tells", async () => {
    const { store } = under();
    await putAll(
      store,
      ...["10.1.2.7", "10.1.2.8"].map((text) => putAllocation(text)),
      ...["10.1.2.2", "10.1.2.3", "10.1.2.4"].map(putReservation),
    );
    const [window] = await look("10.1.2.1", "10.1.2.20", 2);
    expect(window).toMatchObject({ reserved: ["10.1.2.2", "10.1.2.3"], knownThrough: "10.1.2.3" });
  });

  test("windows and counts of one question are answered in its order", async () => {
    const { store } = under();
    await putAll(store, putAllocation("10.1.2.2"), putAllocation("fd00::2"));
    const asked = [span("fd00::", "fd00::f"), span("10.1.2.0", "10.1.2.9"), span("10.9.0.0", "10.9.0.9")];
    const { windows, counts } = await store.read(
      { windows: asked.map((each) => ({ ...each, limit: 10 })), counts: asked },
      options(),
    );
    expect(windows.map(inWords).map(({ allocated }) => allocated)).toEqual([["fd00::2"], ["10.1.2.2"], []]);
    expect(counts.map(({ allocated }) => allocated)).toEqual([1, 1, 0]);
  });

  test("spans count like numbers, in both families", async () => {
    const { store } = under();
    const texts = ["9.255.255.255", "10.0.0.0", "10.0.0.99", "10.0.0.100", "10.0.1.0"];
    const texts6 = ["fd00::9", "fd00::10", "fd00::a:0"];
    await putAll(store, ...[...texts, ...texts6].map((text) => putAllocation(text)));
    const counts = [
      span("10.0.0.0", "10.0.0.255"),
      span("fd00::", "fd00::ffff"),
      span("11.0.0.0", "11.0.0.1"),
      span("0.0.0.0", "255.255.255.255"),
    ];
    expect((await store.read({ counts }, options())).counts).toEqual(
      [3, 2, 0, 5].map((allocated) => ({ allocated, reserved: 0, cooling: 0 })),
    );
  });
}

function span(first: string, last: string): Span {
  return { space: "default", first: parseAddress(first), last: parseAddress(last) };
}

function inWords({ allocated, reserved, cooling, knownThrough }: WindowAnswer) {
  return {
    allocated: allocated.map(formatAddress),
    reserved: reserved.map(formatAddress),
    cooling: cooling.map(formatAddress),
    knownThrough: formatAddress(knownThrough),
  };
}
