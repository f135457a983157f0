// What colours and marks mean, and a small picture of each surface.

function drawLegend(surface) {
  const last = surface.edges.length - 1;
  const beyond = surface.above.some((above) => (above ?? Infinity) >= surface.edges[last]);
  const bands = surface.edges.slice(0, beyond ? undefined : last).map((edge, band) => {
    const text = band === last ? `≥ ${edge}` : `${edge}`;
    const span = make("span", { textContent: text });
    span.style.borderTopColor = surface.colours[band];
    return span;
  });
  const has = (kind, all) =>
    surface.mean.some((_, cell) => {
      const found = runs(surface, cell, kind);
      return all === undefined
        ? found > 0
        : all
          ? found === surface.seeds.length
          : found > 0 && found < surface.seeds.length;
    });
  const ties = bestCells(surface).length > 1;
  const said = `${surface.metric} above the lowest${surface.difference ? `, ${surface.difference}` : ""}`;
  const key = (drawing, text) => {
    const mark = make("span", { className: "mark" });
    mark.innerHTML = `<svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true">${drawing}</svg>`;
    mark.append(text);
    return mark;
  };
  const grey = `<rect x="-7" y="-7" width="14" height="14" fill="${colour("diverged")}"/>`;
  const stroke = (path) =>
    `<path d="${path}" stroke="white" stroke-width="2.8"/><path d="${path}" stroke="#444" stroke-width="1.2"/>`;
  at("legend").replaceChildren(
    make("div", {}, make("div", { textContent: said }), make("div", { className: "scale" }, ...bands)),
    key(`<path transform="scale(7)" d="${STAR}" fill="${STAR_FILL}"/>`, `best cell${ties ? "s" : ""}`),
    ...(has("d", true) ? [key(grey + stroke("M-5,-5L5,5M-5,5L5,-5"), "diverged")] : []),
    ...(has("d", false) ? [key(stroke("M-5,5L5,-5"), "diverged for some seeds")] : []),
    ...(has("f") ? [key('<path d="M0,-5L5,0L0,5L-5,0Z" fill="white" stroke="black"/>', "missing, filled in")] : []),
  );
}

/** A small picture of a surface, a pixel for each cell. */
function thumbnail(surface) {
  const plane = firstPlane(surface);
  const cells = surface.pool
    ? plane.cells().sort((one, other) => surface.mean[one] - surface.mean[other])
    : plane.cells();
  const [columns, rowCount] = surface.pool ? [cells.length, 1] : [plane.columns, plane.rows];
  const canvas = make("canvas", { width: columns, height: rowCount });
  const pencil = canvas.getContext("2d");
  cells.forEach((cell, number) => {
    pencil.fillStyle = fill(surface, cell);
    pencil.fillRect(number % columns, rowCount - 1 - Math.floor(number / columns), 1, 1);
  });
  return canvas;
}
