// The cell pointed at: its settings, its value over seeds, its suboptimality and its learning curve.

function settings(surface, cell) {
  return indices(surface, cell)
    .map((place, axis) => `${surface.axes[axis].symbol} = ${surface.axes[axis].texts[place]}`)
    .join(", ");
}

async function drawCell(surface) {
  at("cell-nothing").hidden = surface.curve !== null;
  if (surface.curve === null) return clear("cell-curve");
  const x = {
    field: "at",
    type: "quantitative",
    title: surface.curve.name,
    axis: { grid: false, tickCount: 5 },
    scale: { zero: false, nice: false },
  };
  const y = {
    field: "mean",
    type: "quantitative",
    title: withUnit(surface.metric, surface.unit && `(${surface.unit})`),
    axis: { tickCount: 5 },
    scale: { zero: false },
  };
  const only = surface.curve.at.length === 1;
  return draw("cell-curve", {
    width: room("cell-curve", 0),
    height: 170,
    autosize: { type: "fit-x", contains: "padding" },
    config: { aria: false },
    layer: [
      {
        data: rows("best", curveRows(surface, bestCells(surface)[0])),
        mark: { type: "line", color: colour("quiet"), strokeDash: [4, 3], strokeWidth: 1.2 },
        encoding: { x, y },
      },
      {
        data: rows("own"),
        mark: {
          type: "line",
          color: colour("accent"),
          strokeWidth: 2.4,
          point: only || { size: 16, filled: true, color: colour("accent") },
        },
        encoding: { x, y },
      },
    ],
  });
}

function curveRows(surface, cell) {
  const points = surface.curve.at.length;
  return surface.curve.at
    .map((place, point) => ({ at: place, mean: surface.curve.means[cell * points + point] }))
    .filter((row) => row.mean !== null);
}

function showCell(surface, cell) {
  const seeds = surface.seeds.length;
  const mean = surface.mean[cell];
  const rank = surface.mean.filter((other) => other < mean).length + 1;
  const facts = [
    [seeds === 1 ? "value" : `mean over ${seeds} seeds`, withUnit(general(mean), surface.unit), "cell-value"],
    ["suboptimality", `${general(surface.above[cell])} ${surface.difference}`.trim(), "cell-above"],
    ["rank", `${rank.toLocaleString("en")} of ${surface.mean.length.toLocaleString("en")}`, "cell-rank"],
  ];
  const diverged = runs(surface, cell, "d");
  if (diverged) facts.push(["diverged", seeds === 1 ? "yes" : `${diverged} of ${seeds} seeds`, "cell-diverged"]);
  at("cell-title").textContent = settings(surface, cell);
  at("cell-title").dataset.cell = cell;
  at("cell-facts").replaceChildren(
    ...facts.flatMap(([name, text, id]) => [make("dt", { textContent: name }), make("dd", { textContent: text, id })]),
  );
  const notes = { d: "diverged", f: "missing, filled in", ".": "" };
  const lines = surface.seeds.map((seed, number) => {
    const run = cell * seeds + number;
    return make(
      "tr",
      {},
      make("td", { textContent: `seed ${seed}` }),
      make("td", { className: "number", textContent: general(surface.value[run]) }),
      make("td", { className: "quiet", textContent: notes[surface.state[run]] }),
    );
  });
  at("cell-seeds").replaceChildren(...lines);
  if (surface.curve) feed("cell-curve", { own: curveRows(surface, cell) });
}
