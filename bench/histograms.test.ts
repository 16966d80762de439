import { expect, test } from "bun:test";
import { since, totalOf } from "./histograms.ts";

const EXPOSITION = `# TYPE t_seconds histogram
t_seconds_bucket{verb="ADD",le="1"} 2
t_seconds_sum{verb="ADD",code="0"} 1.5
t_seconds_count{verb="ADD",code="0"} 2
t_seconds_sum{verb="ADD",code="11"} 0.5
t_seconds_count{verb="ADD",code="11"} 1
t_seconds_sum{verb="DEL",code="0"} 9
t_seconds_count{verb="DEL",code="0"} 9
t_seconds_summed_sum 100
`;

test("a histogram's total is over the series that have the labels", () => {
  expect(totalOf(EXPOSITION, "t_seconds", { verb: "ADD" })).toEqual({ seconds: 2, count: 3 });
  expect(totalOf(EXPOSITION, "t_seconds")).toEqual({ seconds: 11, count: 12 });
  expect(totalOf("", "t_seconds")).toEqual({ seconds: 0, count: 0 });
});

test("what came since", () => {
  expect(since({ seconds: 3, count: 5 }, { seconds: 1, count: 2 })).toEqual({ seconds: 2, count: 3 });
});
