// Expected cost as bars, with intervals.

const LOG_FROM = 30; // where the dearest costs this many times the cheapest, costs stand on a log scale

function withInterval(row) {
  return row.ert === null ? "no hit" : `${general(row.ert)} [${general(row.ert_low)}, ${general(row.ert_high)}]`;
}

async function drawBars(replays) {
  const task = at("cost-task").value;
  const target = Number(at("cost-target").value);
  const groups = replays.groups.filter((group) => group.task === task);
  const names = Object.keys(replays.searchers).filter((name) => groups.some((group) => group.searcher === name));
  const found = replays.rows.filter((row) => row.task === task && row.target === target);
  const shown = found.map((row) => ({
    optimizer: label(groups, row.surface),
    searcher: replays.searchers[row.searcher],
    ert: row.ert,
    low: row.ert_low,
    high: row.ert_high,
    share: row.hits === row.repeats ? "" : `${Math.floor((100 * row.hits) / row.repeats)}% hit`,
    shade: row.hits === row.repeats ? 1 : 0.45,
    said:
      `${label(groups, row.surface)}, ${replays.searchers[row.searcher]}: ${withInterval(row)}; ` +
      `${row.hits} of ${row.repeats} replays hit`,
  }));
  at("costs-line").textContent =
    `Expected ${replays.counted} (ERT) to a suboptimality of at most ${withUnit(general(target), found[0].unit)}; ` +
    `95% bootstrap intervals over ${unique(found.map((row) => row.repeats)).join(" or ")} replays. ` +
    "Paler bars: not every replay hit; their share is written." +
    replays.said.map((words) => ` ${words[0].toUpperCase()}${words.slice(1)}.`).join("");
  const hit = shown.filter((row) => row.ert !== null);
  const missed = shown.filter((row) => row.ert === null);
  const ends = hit.flatMap((row) => [row.ert, row.high ?? row.ert]);
  const top = Math.max(1, ...ends);
  const log = top > LOG_FROM * Math.min(...hit.map((row) => row.ert), top);
  const foot = log ? Math.min(1, ...hit.map((row) => row.ert)) : 0;
  hit.forEach((row) => Object.assign(row, { foot, end: row.high ?? top * 1.15 }));
  missed.forEach((row) => Object.assign(row, { foot }));
  const optimizers = unique(groups.map((group) => group.label));
  const order = names.map((name) => replays.searchers[name]);
  const bar = narrow() ? 8 : 10;
  const y = {
    field: "optimizer",
    type: "nominal",
    sort: optimizers,
    title: null,
    axis: { ticks: false, domain: false, labelPadding: 6, labelFontSize: 13 },
    scale: { paddingInner: 0.28 },
  };
  const yOffset = { field: "searcher", sort: order, scale: { domain: order } };
  const x = {
    type: "quantitative",
    title: `expected ${replays.counted}${log ? " (log scale)" : ""}`,
    axis: { labelOverlap: "greedy", labelExpr: PLAIN, tickCount: 6 },
    scale: log ? { type: "log", domain: [foot, top * 1.25], nice: false } : { domain: [0, top * 1.12], nice: false },
  };
  await draw("bars", {
    width: room("bars", 0),
    height: optimizers.length * (order.length * bar + 14) + 8,
    autosize: { type: "fit-x", contains: "padding" },
    encoding: { y, yOffset, tooltip: { field: "said", type: "nominal" } },
    layer: [
      {
        data: rows("hit", hit),
        mark: { type: "bar", cornerRadiusEnd: 1 },
        encoding: {
          x: { ...x, field: "foot" },
          x2: { field: "ert" },
          color: {
            field: "searcher",
            type: "nominal",
            scale: { domain: order, range: order.map((_, place) => series(place)) },
            legend: { title: null, orient: "top", columns: narrow() ? 3 : 8, symbolType: "square" },
          },
          opacity: { field: "shade", type: "quantitative", scale: null },
        },
      },
      {
        data: rows("hit", hit),
        mark: { type: "rule", stroke: colour("ink"), strokeWidth: 1.3 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "end" } },
      },
      {
        data: rows("hit", hit),
        mark: { type: "text", align: "left", dx: 4, fontSize: 10, color: colour("quiet") },
        encoding: { x: { ...x, field: "end" }, text: { field: "share" } },
      },
      {
        data: rows("missed", missed),
        mark: { type: "text", align: "left", dx: 4, fontSize: 10, color: colour("quiet"), text: "no hit" },
        encoding: { x: { ...x, field: "foot" } },
      },
    ],
  });
}
