// Which cell lies where: a surface over two of its axes, one, or, of a pool, over its configurations' values.

/** The index of a flat cell on every axis. */
function indices(surface, cell) {
  const axes = surface.axes.length;
  if (surface.pool) return surface.members.slice(cell * axes, (cell + 1) * axes);
  const found = new Array(axes);
  for (let axis = axes - 1; axis >= 0; axis--) {
    const length = surface.axes[axis].texts.length;
    found[axis] = cell % length;
    cell = Math.floor(cell / length);
  }
  return found;
}

function flat(surface, index) {
  return index.reduce((number, place, axis) => number * surface.axes[axis].texts.length + place, 0);
}

/** Cells of the lowest mean, the first first. */
function bestCells(surface) {
  return surface.above.flatMap((above, cell) => (above === 0 ? [cell] : []));
}

/** The seeds of a cell that diverged, or were filled in: how many letters of this kind its states hold. */
function runs(surface, cell, kind) {
  const seeds = surface.seeds.length;
  return [...surface.state.slice(cell * seeds, (cell + 1) * seeds)].filter((letter) => letter === kind).length;
}

/** The colour of a cell: of its band of suboptimality, or the grey of cells in which nothing trained. */
function fill(surface, cell) {
  if (runs(surface, cell, "d") === surface.seeds.length) return colour("diverged");
  const above = surface.above[cell] ?? Infinity;
  return surface.colours[surface.edges.findLastIndex((edge) => above >= edge)];
}

/**
 * What of a surface is shown: `up` and `across` are axes (`up` is null for a surface with one), `index` is where on the
 * further axes. A plane of a grid is measured in cells from its lower left corner, one of a pool in the axes' values.
 */
function planeOf(surface, up, across, index) {
  const value = (axis, place) => surface.axes[axis].values[place];
  const further = surface.axes.map((_, axis) => axis).filter((axis) => axis !== up && axis !== across);
  return {
    surface,
    up,
    across,
    index,
    further,
    columns: surface.axes[across].texts.length,
    rows: up === null ? 1 : surface.axes[up].texts.length,
    /** The cell at a column and a row. */
    cell(column, row) {
      const there = [...index];
      there[across] = column;
      if (up !== null) there[up] = row;
      return flat(surface, there);
    },
    /** The middle of a cell, and whether it belongs to what is shown of the further axes. */
    place(cell) {
      const there = indices(surface, cell);
      const here = surface.pool || further.every((axis) => there[axis] === index[axis]);
      if (surface.pool) return { x: value(across, there[across]), y: up === null ? 0.5 : value(up, there[up]), here };
      return { x: there[across] + 0.5, y: (up === null ? 0 : there[up]) + 0.5, here };
    },
    /** All cells shown. */
    cells() {
      if (surface.pool) return surface.mean.map((_, cell) => cell);
      const found = [];
      for (let row = 0; row < this.rows; row++)
        for (let column = 0; column < this.columns; column++) found.push(this.cell(column, row));
      return found;
    },
  };
}

/** The plane in which a surface is first seen: its first two axes, on further ones where the best cell is. */
function firstPlane(surface) {
  const index = indices(surface, bestCells(surface)[0]);
  return surface.axes.length === 1 ? planeOf(surface, null, 0, index) : planeOf(surface, 0, 1, index);
}
