// From the pointer, a finger or a key to a cell of the surface.

/** The cell under the pointer, or null. */
function cellUnder(plane, event) {
  const view = views.get("heatmap");
  const drawn = at("heatmap").querySelector("svg, canvas");
  if (!view || !drawn) return null;
  const box = drawn.getBoundingClientRect();
  const zoom =
    box.width /
    (parseFloat(drawn.getAttribute("width")) / (drawn.tagName === "CANVAS" ? window.devicePixelRatio || 1 : 1));
  const [left, top] = view.origin();
  const padding = view.padding();
  const x = (event.clientX - box.left) / zoom - left - padding.left;
  const y = (event.clientY - box.top) / zoom - top - padding.top;
  if (plane.surface.pool) return nearest(plane, view, x, y);
  const column = Math.floor(view.scale("x").invert(x));
  const row = Math.floor(view.scale("y").invert(y));
  const inside = column >= 0 && column < plane.columns && row >= 0 && row < plane.rows;
  return inside ? plane.cell(column, row) : null;
}

/** The configuration of a pool that is drawn nearest, within reach of a finger. */
function nearest(plane, view, x, y) {
  let [found, least] = [null, 24 ** 2];
  for (const cell of plane.cells()) {
    const place = plane.place(cell);
    const distance = (view.scale("x")(place.x) - x) ** 2 + (view.scale("y")(place.y) - y) ** 2;
    if (distance < least) [found, least] = [cell, distance];
  }
  return found;
}

/** The cell that an arrow key leads to from another; null for other keys. */
function cellBeside(plane, cell, key) {
  if (key === "Home") return bestCells(plane.surface)[0];
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  if (!(key in steps)) return null;
  const [across, up] = steps[key];
  if (plane.surface.pool) {
    const ranked = plane.cells().sort((one, other) => plane.surface.mean[one] - plane.surface.mean[other]);
    const place = ranked.indexOf(cell) + (across || -up);
    return ranked[Math.min(Math.max(place, 0), ranked.length - 1)];
  }
  const index = indices(plane.surface, cell);
  const held = (place, length) => Math.min(Math.max(place, 0), length - 1);
  return plane.cell(
    held(index[plane.across] + across, plane.columns),
    held((plane.up === null ? 0 : index[plane.up]) + up, plane.rows),
  );
}
