// What tuning costs: bars with intervals, and curves of suboptimality with bands.

const LOG_FROM = 30; // where the dearest costs this many times the cheapest, costs stand on a log scale
const LATE = 60; // so do trials, where there are more
const BANDS = 4; // so many curves at most have their bands drawn

const unique = (list) => [...new Set(list)];

function offerCosts(replays) {
  choices(at("cost-task"), unique(replays.groups.map((group) => group.task)).map((task) => [task, task]));
  offerTask(replays);
}

/** Offer the targets and lines of the chosen task. */
function offerTask(replays) {
  const task = at("cost-task").value;
  at("cost-task").parentElement.hidden = at("cost-task").options.length < 2;
  const own = replays.rows.filter((row) => row.task === task);
  choices(at("cost-target"), unique(own.map((row) => row.target)).map((target) => [target, withUnit(general(target), own[0].unit)]));
  const groups = replays.groups.filter((group) => group.task === task);
  const under = unique(groups.map((group) => group.searcher)).map((name) => [`searcher:${name}`, `every optimizer under ${replays.searchers[name]}`]);
  const on = unique(groups.map((group) => group.surface)).map((name) => [`surface:${name}`, `every searcher on ${label(groups, name)}`]);
  const single = on.length === 1;
  choices(at("curve-lines"), single ? [...on, ...under] : [...under, ...on]);
}

function label(groups, surface) {
  return groups.find((group) => group.surface === surface).label;
}

async function drawBars(replays) {
  const task = at("cost-task").value;
  const target = Number(at("cost-target").value);
  const groups = replays.groups.filter((group) => group.task === task);
  const names = Object.keys(replays.searchers).filter((name) => groups.some((group) => group.searcher === name));
  const found = replays.rows.filter((row) => row.task === task && row.target === target);
  const shown = found.map((row) => ({
    optimizer: label(groups, row.surface), searcher: replays.searchers[row.searcher], ert: row.ert, low: row.ert_low, high: row.ert_high,
    share: row.hits === row.repeats ? "" : `${Math.floor((100 * row.hits) / row.repeats)}% hit`, shade: row.hits === row.repeats ? 1 : 0.45,
    said: `${label(groups, row.surface)}, ${replays.searchers[row.searcher]}: ${row.ert === null ? "no hit" : `${general(row.ert)} [${general(row.ert_low)}, ${general(row.ert_high)}]`}; ${row.hits} of ${row.repeats} replays hit`,
  }));
  at("costs-line").textContent = `Expected ${replays.counted} (ERT) to a suboptimality of at most ${withUnit(general(target), found[0].unit)}; ` +
    `95% bootstrap intervals over ${unique(found.map((row) => row.repeats)).join(" or ")} replays. Paler bars: not every replay hit; their share is written.` +
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
  const y = { field: "optimizer", type: "nominal", sort: optimizers, title: null, axis: { ticks: false, domain: false, labelPadding: 6, labelFontSize: 13 }, scale: { paddingInner: 0.28 } };
  const yOffset = { field: "searcher", sort: order, scale: { domain: order } };
  const x = { type: "quantitative", title: `expected ${replays.counted}${log ? " (log scale)" : ""}`, axis: { labelOverlap: "greedy", format: "~g", tickCount: 6 }, scale: log ? { type: "log", domain: [foot, top * 1.25], nice: false } : { domain: [0, top * 1.12], nice: false } };
  await draw("bars", {
    width: room("bars", 0), height: optimizers.length * (order.length * bar + 14) + 8, autosize: { type: "fit-x", contains: "padding" },
    encoding: { y, yOffset, tooltip: { field: "said", type: "nominal" } },
    layer: [
      { data: rows("hit", hit), mark: { type: "bar", cornerRadiusEnd: 1 }, encoding: { x: { ...x, field: "foot" }, x2: { field: "ert" },
        color: { field: "searcher", type: "nominal", scale: { domain: order, range: order.map((_, place) => series(place)) }, legend: { title: null, orient: "top", columns: narrow() ? 3 : 8, symbolType: "square" } },
        opacity: { field: "shade", type: "quantitative", scale: null } } },
      { data: rows("hit", hit), mark: { type: "rule", stroke: colour("ink"), strokeWidth: 1.3 }, encoding: { x: { ...x, field: "low" }, x2: { field: "end" } } },
      { data: rows("hit", hit), mark: { type: "text", align: "left", dx: 4, fontSize: 10, color: colour("quiet") }, encoding: { x: { ...x, field: "end" }, text: { field: "share" } } },
      { data: rows("missed", missed), mark: { type: "text", align: "left", dx: 4, fontSize: 10, color: colour("quiet"), text: "no hit" }, encoding: { x: { ...x, field: "foot" } } },
    ],
  });
}

async function drawCurves(replays) {
  const task = at("cost-task").value;
  const [kind, ...rest] = at("curve-lines").value.split(":");
  const wanted = rest.join(":");
  const groups = replays.groups.filter((group) => group.task === task && group[kind] === wanted);
  const name = (group) => (kind === "searcher" ? group.label : replays.searchers[group.searcher]);
  const points = groups.flatMap((group) => group.curve.at.map((cost, place) => ({
    line: name(group), cost, mean: group.curve.mean[place], low: group.curve.low[place], high: group.curve.high[place],
  }))).filter((row) => row.mean !== null);
  const lines = groups.map(name);
  const level = Math.max(...replays.rows.filter((row) => row.task === task).map((row) => row.target)) || 1;
  const floor = level / 20;
  const banded = groups.length <= BANDS;
  at("curves-line").textContent = `Mean over replays${banded ? ", with 95% bootstrap bands" : ""}; a curve that leaves below has come within ${general(floor)} of the lowest value.`;
  const highest = Math.max(level, ...points.map((row) => row.mean));
  const costs = points.map((row) => row.cost);
  const [first, last] = [Math.min(...costs), Math.max(...costs)];
  const late = last > LATE && first > 0;
  for (const row of points) {
    for (const side of ["mean", "low", "high"]) row[side] = Math.max(row[side] ?? floor, floor / 10);
  }
  const x = { field: "cost", type: "quantitative", title: replays.counted, axis: { grid: false, format: "~g", labelOverlap: "greedy", tickCount: 7 }, scale: late ? { type: "log", domain: [first, last], nice: false } : { domain: [first, Math.max(last, first + 1)], nice: false } };
  const unit = groups[0].unit === "%" ? " (percentage points)" : groups[0].unit ? ` (${groups[0].unit})` : "";
  const y = { field: "mean", type: "quantitative", title: `suboptimality${unit}`, axis: { format: "~g", labelOverlap: "greedy", tickCount: 5 }, scale: { type: "log", domain: [floor, 1.3 * highest], nice: false } };
  const range = lines.map((_, place) => series(place));
  const key = { title: null, orient: "top", columns: narrow() ? 2 : 5, symbolSize: 400, symbolStrokeWidth: 2.4 };
  const step = !["trials", "unique"].includes(replays.count);
  await draw("curves", {
    width: room("curves", 0), height: narrow() ? 300 : 360, autosize: { type: "fit-x", contains: "padding" },
    data: rows("points", points),
    layer: [
      ...(banded ? [{ mark: { type: "area", opacity: 0.18, clip: true, interpolate: step ? "step-after" : "linear" }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: { field: "line", type: "nominal", scale: { domain: lines, range }, legend: key } } }] : []),
      { mark: { type: "line", strokeWidth: 2.2, clip: true, interpolate: step ? "step-after" : "linear" }, encoding: { x, y,
        color: { field: "line", type: "nominal", scale: { domain: lines, range }, legend: key },
        strokeDash: { field: "line", type: "nominal", scale: { domain: lines, range: lines.map((_, place) => dash(place)) }, legend: key } } },
      { data: rows("level", [{ mean: level }]), mark: { type: "rule", stroke: colour("quiet"), strokeWidth: 1 }, encoding: { y } },
    ],
  });
}
