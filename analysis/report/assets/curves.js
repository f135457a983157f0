// Mean suboptimality of the best cell so far, with bands.

const LATE = 60; // so do trials, where there are more
const BANDS = 4; // so many curves at most have their bands drawn

async function drawCurves(replays) {
  const task = at("cost-task").value;
  const [kind, ...rest] = at("curve-lines").value.split(":");
  const wanted = rest.join(":");
  const groups = replays.groups.filter((group) => group.task === task && group[kind] === wanted);
  const name = (group) => (kind === "searcher" ? group.label : replays.searchers[group.searcher]);
  const points = groups
    .flatMap((group) =>
      group.curve.at.map((cost, place) => ({
        line: name(group),
        cost,
        mean: group.curve.mean[place],
        low: group.curve.low[place],
        high: group.curve.high[place],
      })),
    )
    .filter((row) => row.mean !== null);
  const lines = groups.map(name);
  const level = Math.max(...replays.rows.filter((row) => row.task === task).map((row) => row.target)) || 1;
  const floor = level / 20;
  const banded = groups.length <= BANDS;
  at("curves-line").textContent =
    `Mean over replays${banded ? ", with 95% bootstrap bands" : ""}; ` +
    `a curve that leaves below has come within ${general(floor)} of the lowest value.`;
  const highest = Math.max(level, ...points.map((row) => row.mean));
  const costs = points.map((row) => row.cost);
  const [first, last] = [Math.min(...costs), Math.max(...costs)];
  const late = last > LATE && first > 0;
  for (const row of points) {
    for (const side of ["mean", "low", "high"]) row[side] = Math.max(row[side] ?? floor, floor / 10);
  }
  const x = {
    field: "cost",
    type: "quantitative",
    title: replays.counted,
    axis: { grid: false, labelExpr: PLAIN, labelOverlap: "greedy", tickCount: 7 },
    scale: late
      ? { type: "log", domain: [first, last], nice: false }
      : { domain: [first, Math.max(last, first + 1)], nice: false },
  };
  const unit = groups[0].unit === "%" ? " (percentage points)" : groups[0].unit ? ` (${groups[0].unit})` : "";
  const y = {
    field: "mean",
    type: "quantitative",
    title: `suboptimality${unit}`,
    axis: { labelExpr: PLAIN, labelOverlap: "greedy", tickCount: 5 },
    scale: { type: "log", domain: [floor, 1.3 * highest], nice: false },
  };
  const range = lines.map((_, place) => series(place));
  const key = { title: null, orient: "top", columns: narrow() ? 2 : 5, symbolSize: 400, symbolStrokeWidth: 2.4 };
  const step = !["trials", "unique"].includes(replays.count);
  await draw("curves", {
    width: room("curves", 0),
    height: narrow() ? 300 : 360,
    autosize: { type: "fit-x", contains: "padding" },
    data: rows("points", points),
    layer: [
      ...(banded
        ? [
            {
              mark: { type: "area", opacity: 0.18, clip: true, interpolate: step ? "step-after" : "linear" },
              encoding: {
                x,
                y: { ...y, field: "low" },
                y2: { field: "high" },
                color: { field: "line", type: "nominal", scale: { domain: lines, range }, legend: key },
              },
            },
          ]
        : []),
      {
        mark: { type: "line", strokeWidth: 2.2, clip: true, interpolate: step ? "step-after" : "linear" },
        encoding: {
          x,
          y,
          color: { field: "line", type: "nominal", scale: { domain: lines, range }, legend: key },
          strokeDash: {
            field: "line",
            type: "nominal",
            scale: { domain: lines, range: lines.map((_, place) => dash(place)) },
            legend: key,
          },
        },
      },
      {
        data: rows("level", [{ mean: level }]),
        mark: { type: "rule", stroke: colour("quiet"), strokeWidth: 1 },
        encoding: { y },
      },
    ],
  });
}
