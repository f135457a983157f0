// The surface: a rectangle for each cell, never interpolated, with marks, a searcher's path and the cell pointed at.

const MOST_SVG = 3000; // more cells than this are drawn on a canvas
const TRAIL = 12; // moves of a path that are joined by a line

async function drawHeatmap(plane) {
  const { surface } = plane;
  const total = room("heatmap", 0);
  const wide = Math.min(total, 70 + 46 * plane.columns);
  const tall = surface.pool
    ? Math.min(420, wide * 0.75)
    : Math.min(Math.max(46, ((wide - 70) / plane.columns) * plane.rows), Math.max(320, 0.6 * window.innerHeight));
  const x = {
    field: "x",
    type: "quantitative",
    scale: scaleOf(plane, plane.across, plane.columns),
    axis: axisOf(plane, plane.across, narrow() ? 1 : 0),
  };
  const y = {
    field: "y",
    type: "quantitative",
    scale: plane.up === null ? { domain: [0, 1] } : scaleOf(plane, plane.up, plane.rows),
    axis: plane.up === null ? null : axisOf(plane, plane.up, 0),
  };
  const block = { x, x2: { field: "x2" }, y, y2: { field: "y2" } };
  const point = { x, y };
  const star = { type: "point", shape: STAR, filled: true, fill: STAR_FILL, stroke: "white" };
  const side = Math.min((wide - 70) / plane.columns, tall / plane.rows);
  const size = surface.pool ? 120 : Math.min(260, Math.max(40, side ** 2 * 0.6));
  const ties = bestCells(surface).length > 12;
  const layers = [
    surface.pool
      ? {
          data: rows("cells", cellRows(plane)),
          mark: { type: "point", filled: true, size: 70, stroke: colour("ink"), strokeWidth: 0.5, opacity: 1 },
          encoding: { ...point, fill: { field: "fill", type: "nominal", scale: null } },
        }
      : {
          data: rows("cells", cellRows(plane)),
          mark: { type: "rect", stroke: colour("back"), strokeWidth: plane.columns > 60 ? 0 : 0.6 },
          encoding: { ...block, fill: { field: "fill", type: "nominal", scale: null } },
        },
    ...[
      ["white", 2.8],
      ["#444", 1.2],
    ].map(([stroke, strokeWidth]) => ({
      data: rows("hatches", hatchRows(plane)),
      mark: { type: "rule", stroke, strokeWidth, strokeCap: "round" },
      encoding: block,
    })),
    {
      data: rows(
        "filled",
        markRows(plane, (cell) => runs(surface, cell, "f") > 0),
      ),
      mark: { type: "point", shape: "diamond", fill: "white", stroke: "black", size: size * 0.45, strokeWidth: 1 },
      encoding: point,
    },
    {
      data: rows(
        "best",
        markRows(plane, (cell) => surface.above[cell] === 0),
      ),
      mark: { ...star, size: ties ? size * 0.3 : size, strokeWidth: ties ? 0 : 0.8 },
      encoding: point,
    },
    ...[
      ["white", 4.5],
      ["#111", 1.9],
    ].map(([stroke, strokeWidth]) => ({
      data: rows("moves"),
      mark: { type: "rule", stroke, strokeWidth, strokeCap: "round" },
      encoding: { ...block, opacity: { field: "shade", type: "quantitative", scale: null } },
    })),
    {
      data: rows("seen"),
      mark: {
        type: "point",
        filled: true,
        fill: "white",
        stroke: "#111",
        strokeWidth: 1,
        size: Math.min(36, size * 0.3),
      },
      encoding: { ...point, opacity: { field: "shade", type: "quantitative", scale: null } },
    },
    ...[
      ["white", 5],
      ["#111", 2.5],
    ].map(([stroke, strokeWidth]) => ({
      data: rows("now"),
      mark: { type: "point", filled: false, stroke, strokeWidth, size: 190 },
      encoding: point,
    })),
    ...[
      ["white", 5],
      ["#111", 2.2],
    ].map(([stroke, strokeWidth]) =>
      surface.pool
        ? {
            data: rows("cursor"),
            mark: { type: "point", shape: "square", filled: false, stroke, strokeWidth, size: 260 },
            encoding: point,
          }
        : { data: rows("cursor"), mark: { type: "rect", fill: "transparent", stroke, strokeWidth }, encoding: block },
    ),
  ];
  await draw(
    "heatmap",
    {
      width: wide,
      height: tall,
      autosize: { type: "fit-x", contains: "padding" },
      config: { aria: false },
      layer: layers,
    },
    surface.mean.length > MOST_SVG ? "canvas" : "svg",
  );
  drawLegend(surface);
}

function rows(name, values = []) {
  return { name, values };
}

function scaleOf(plane, axis, length) {
  const { surface } = plane;
  if (!surface.pool) return { domain: [0, length], nice: false, zero: false };
  return surface.axes[axis].scale === "log"
    ? { type: "log", nice: false, padding: 12 }
    : { zero: false, nice: false, padding: 12 };
}

function axisOf(plane, axis, few) {
  const { title, ticks, values, texts, scale } = plane.surface.axes[axis];
  if (plane.surface.pool) {
    return scale === "label"
      ? labelled(
          title,
          values.map((place) => [place, texts[place]]),
        )
      : { title, grid: false, labelOverlap: "greedy", format: "~g", tickCount: 6 };
  }
  return labelled(
    title,
    ticks[few].map(([place, text]) => [place + 0.5, text]),
    { ...leaning(plane, axis), offset: 3, domain: false },
  );
}

/** Words that would not fit beside each other below the cells lean; numbers that would not are left out. */
function leaning(plane, axis) {
  const { scale, texts } = plane.surface.axes[axis];
  if (scale !== "label") return { labelOverlap: "greedy" };
  const lean = axis === plane.across && Math.max(...texts.map((text) => text.length)) > 6;
  return lean ? { labelAngle: -35, labelAlign: "right", labelOverlap: false } : { labelOverlap: false };
}

/** A cell's corners. */
function corners(plane, cell) {
  const { x, y } = plane.place(cell);
  return { x: x - 0.5, x2: x + 0.5, y: y - 0.5, y2: y + 0.5 };
}

function cellRows(plane) {
  return plane.cells().map((cell) => ({
    ...(plane.surface.pool ? plane.place(cell) : corners(plane, cell)),
    fill: fill(plane.surface, cell),
    cell,
  }));
}

/** Two crossing strokes in a cell where every seed diverged, one where some did. */
function hatchRows(plane) {
  if (plane.surface.pool) return [];
  const inset = 0.18;
  return plane.cells().flatMap((cell) => {
    const diverged = runs(plane.surface, cell, "d");
    if (!diverged) return [];
    const { x, x2, y, y2 } = corners(plane, cell);
    const rise = { x: x + inset, x2: x2 - inset, y: y + inset, y2: y2 - inset };
    return diverged < plane.surface.seeds.length ? [rise] : [rise, { ...rise, y: rise.y2, y2: rise.y }];
  });
}

function markRows(plane, wanted) {
  return plane
    .cells()
    .filter(wanted)
    .map((cell) => plane.place(cell));
}

/** Move the frame to a cell. */
function showCursor(plane, cell) {
  const place = plane.place(cell);
  feed("heatmap", { cursor: !place.here ? [] : [plane.surface.pool ? place : corners(plane, cell)] });
}

/** Draw the first `length` cells of a path: where it has been, its last moves, and where it is. */
function showPath(plane, cells, length) {
  const walked = cells.slice(0, length);
  const places = walked.map((cell) => plane.place(cell));
  const seen = [...new Set(walked)]
    .map((cell) => plane.place(cell))
    .map((place) => ({ ...place, shade: place.here ? 1 : 0.25 }));
  const first = Math.max(1, length - TRAIL);
  const moves = [];
  for (let step = first; step < length; step++) {
    const [from, to] = [places[step - 1], places[step]];
    if (from.x === to.x && from.y === to.y) continue;
    moves.push({
      x: from.x,
      y: from.y,
      x2: to.x,
      y2: to.y,
      shade: 0.15 + 0.85 * ((step - first + 1) / (length - first)),
    });
  }
  feed("heatmap", { seen, moves, now: places.slice(-1) });
}
