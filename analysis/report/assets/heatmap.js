// The surface: a rectangle for each cell, never interpolated, with marks, a searcher's path and the cell pointed at.

const MOST_SVG = 3000; // more cells than this are drawn on a canvas
const CROWD = 60; // cells on an axis beyond which they have no seams
const SHADE = { field: "shade", type: "quantitative", scale: null };
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
  const size = surface.pool ? 120 : Math.min(260, Math.max(90, side ** 2 * 0.6));
  const ties = bestCells(surface).length > 12;
  const all = (wanted) => markRows(plane, wanted);
  const dots = {
    type: "point",
    filled: true,
    fill: "white",
    stroke: "#111",
    strokeWidth: 1,
    size: Math.min(36, size * 0.3),
  };
  const layers = [
    cellLayer(plane, block, point),
    ...haloed(rows("hatches", hatchRows(plane)), "rule", block, [2.8, 1.2]),
    {
      data: rows(
        "filled",
        all((cell) => runs(surface, cell, "f") > 0),
      ),
      mark: { type: "point", shape: "diamond", fill: "white", stroke: "black", size: size * 0.45, strokeWidth: 1 },
      encoding: point,
    },
    {
      data: rows(
        "best",
        all((cell) => surface.above[cell] === 0),
      ),
      mark: { ...star, size: ties ? size * 0.3 : size, strokeWidth: ties ? 0 : 0.8 },
      encoding: point,
    },
    ...haloed(rows("moves"), "rule", { ...block, opacity: SHADE }, [4.5, 1.9]),
    { data: rows("seen"), mark: dots, encoding: { ...point, opacity: SHADE } },
    ...haloed(rows("now"), "point", point, [5, 2.5], { size: 190 }),
    ...(surface.pool
      ? haloed(rows("cursor"), "point", point, [5, 2.2], { shape: "square", size: 260 })
      : haloed(rows("cursor"), "rect", block, [5, 2.2])),
  ];
  const frame = {
    width: wide,
    height: tall,
    autosize: { type: "fit-x", contains: "padding" },
    config: { aria: false },
  };
  await draw("heatmap", { ...frame, layer: layers }, surface.mean.length > MOST_SVG ? "canvas" : "svg");
  drawLegend(surface);
}

/** The cells: edged in the page's colour; where they are very small, in their own, so that no seams are seen. */
function cellLayer(plane, block, point) {
  const own = { field: "fill", type: "nominal", scale: null };
  const data = rows("cells", cellRows(plane));
  if (plane.surface.pool) {
    const mark = { type: "point", filled: true, size: 70, stroke: colour("ink"), strokeWidth: 0.5, opacity: 1 };
    return { data, mark, encoding: { ...point, fill: own } };
  }
  const crowded = Math.max(plane.columns, plane.rows) > CROWD;
  const stroke = crowded ? own : { value: colour("back") };
  return { data, mark: { type: "rect", strokeWidth: 0.6 }, encoding: { ...block, fill: own, stroke } };
}

/** A dark stroke upon a wider white one, which is seen on any colour. */
function haloed(data, type, encoding, widths, further = {}) {
  const strokes = ["white", "#111"];
  return strokes.map((stroke, place) => ({
    data,
    mark: { type, stroke, strokeWidth: widths[place], strokeCap: "round", fill: "transparent", ...further },
    encoding,
  }));
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
      : { title, grid: false, labelOverlap: "greedy", labelExpr: PLAIN, tickCount: 6 };
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
