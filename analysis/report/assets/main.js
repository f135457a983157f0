// The page comes to life: what is chosen, and what follows from it.

const state = { data: null, number: 0, plane: null, cell: 0 };

let turn = Promise.resolve();

/** Draw one thing after the other, however fast a reader chooses. */
function inTurn(action) {
  turn = turn.then(action).catch(fail);
  return turn;
}

async function chooseSurface(number) {
  state.number = number;
  const surface = state.data.surfaces[number];
  state.plane = firstPlane(surface);
  state.cell = bestCells(surface)[0];
  [...at("picker").children].forEach((button, place) => button.setAttribute("aria-pressed", String(place === number)));
  const { summary } = surface;
  at("surface-name").textContent = surface.name;
  at("surface-line").textContent =
    `${surface.metric}; lowest ${withUnit(general(summary.lowest), surface.unit)} at ${summary.best}` +
    `${summary.ties ? ` and ${count(summary.ties, "other cell")}` : ""}; ` +
    `${count(summary.cells, surface.pool ? "configuration" : "cell")}, ${count(summary.seeds, "seed")}`;
  offerAxes();
  offerWalks(state.data.replays, number);
  await drawSurface();
}

/** Everything that shows the chosen surface, drawn anew. */
async function drawSurface() {
  const { surface } = state.plane;
  await drawHeatmap(state.plane);
  await drawCell(surface);
  at("heatmap").setAttribute("aria-label", `${surface.name}: ${surface.metric} of every cell`);
  point(state.cell);
  const trial = walk.path ? at("walk-trial").value : null;
  await chooseWalk();
  if (trial !== null && walk.path) at("walk-trial").value = trial;
  showWalk();
}

function point(cell) {
  state.cell = cell;
  showCursor(state.plane, cell);
  showCell(state.plane.surface, cell);
}

/** Of more than two axes, which two are shown, and where on the others. */
function offerAxes() {
  const { surface } = state.plane;
  const box = at("axes");
  box.replaceChildren();
  if (surface.axes.length < 3) return;
  const select = (text, pairs, value, change) => {
    const made = make("select");
    choices(made, pairs);
    made.value = value;
    made.addEventListener("change", () => inTurn(() => change(Number(made.value))));
    box.append(make("label", {}, `${text} `, made));
  };
  const axes = surface.axes.map((axis, place) => [place, axis.symbol]);
  const change = async (up, across, index) => {
    state.plane = planeOf(surface, up, across, index);
    if (!state.plane.place(state.cell).here) state.cell = state.plane.cells()[0];
    offerAxes();
    await drawSurface();
  };
  const { up, across, index } = state.plane;
  select("up", axes, up, (axis) => change(axis, axis === across ? up : across, index));
  select("across", axes, across, (axis) => change(axis === up ? across : up, axis, index));
  if (surface.pool) return;
  for (const axis of state.plane.further) {
    select(
      surface.axes[axis].symbol,
      surface.axes[axis].texts.map((text, place) => [place, text]),
      index[axis],
      (place) => {
        const there = [...index];
        there[axis] = place;
        const cell = indices(surface, state.cell);
        cell[axis] = place;
        state.cell = flat(surface, cell);
        return change(up, across, there);
      },
    );
  }
}

function offerSurfaces(surfaces) {
  const tasks = unique(surfaces.map((surface) => surface.task));
  at("picker").replaceChildren(
    ...surfaces.map((surface, number) => {
      const button = make(
        "button",
        { type: "button", title: surface.name },
        thumbnail(surface),
        make("b", { textContent: surface.label }),
        make("span", {
          textContent: tasks.length > 1 ? surface.task : withUnit(general(surface.summary.lowest), surface.unit),
        }),
      );
      button.addEventListener("click", () => inTurn(() => chooseSurface(number)));
      return button;
    }),
  );
  at("picker").hidden = surfaces.length < 2;
}

function listen() {
  const board = at("heatmap");
  for (const kind of ["pointermove", "pointerdown"]) {
    board.addEventListener(kind, (event) => {
      const cell = cellUnder(state.plane, event);
      if (cell !== null && cell !== state.cell) point(cell);
    });
  }
  board.addEventListener("keydown", (event) => {
    const cell = cellBeside(state.plane, state.cell, event.key);
    if (cell === null) return;
    event.preventDefault();
    point(cell);
  });
  at("walk-searcher").addEventListener("change", () => inTurn(() => chooseWalk().then(showWalk)));
  at("walk-repeat").addEventListener("change", () => inTurn(() => choosePath().then(showWalk)));
  at("walk-trial").addEventListener("input", () => {
    stopWalk();
    showWalk();
  });
  at("walk-play").addEventListener("click", playWalk);
  const { replays } = state.data;
  at("cost-task").addEventListener("change", () =>
    inTurn(async () => {
      offerTask(replays);
      await drawBars(replays);
      await drawCurves(replays);
    }),
  );
  at("cost-target").addEventListener("change", () => inTurn(() => drawBars(replays)));
  at("curve-lines").addEventListener("change", () => inTurn(() => drawCurves(replays)));
  at("filter").addEventListener("input", filterTables);
  scheme.addEventListener("change", () => inTurn(drawAll));
  let width = window.innerWidth;
  let waiting = null;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => inTurn(drawAll), 150);
  });
}

async function drawAll() {
  const { data } = state;
  if (data.surfaces.length) {
    offerSurfaces(data.surfaces);
    [...at("picker").children].forEach((button, place) =>
      button.setAttribute("aria-pressed", String(place === state.number)),
    );
    await drawSurface();
  }
  if (data.replays) {
    await drawBars(data.replays);
    await drawCurves(data.replays);
  }
}

function open(data) {
  state.data = data;
  const parts = [
    ["surfaces", "Surfaces", data.surfaces.length],
    ["costs", "Costs", data.replays],
    ["numbers", "Numbers", true],
    ["claims", "Statements", data.claims.length],
    ["provenance", "Provenance", true],
  ].filter(([, , there]) => there);
  for (const [id] of parts) at(id).hidden = false;
  document
    .querySelector("nav")
    .replaceChildren(...parts.map(([id, text]) => make("a", { href: `#${id}`, textContent: text })));
  const said = [`${count(data.surfaces.length, "surface")} of ${data.tasks.join(", ")}`];
  if (data.replays) {
    said.push(
      `${count(Object.keys(data.replays.searchers).length, "searcher")}, ${count(
        data.replays.groups.reduce((sum, group) => sum + group.repeats, 0),
        "replay",
      )}`,
    );
  }
  at("lead").textContent = `${said.join("; ")}.`;
  at("absent").replaceChildren(...data.absent.map((text) => make("li", { textContent: text })));
  at("absent").hidden = !data.absent.length;
}

async function start() {
  open(JSON.parse(await unpacked("data")));
  document.head.append(make("script", { textContent: await unpacked("library") }));
  const { data } = state;
  listen();
  if (data.surfaces.length) {
    offerSurfaces(data.surfaces);
    const first = data.surfaces.findIndex((surface) => surface.axes.length > 1); // a plane says more than a line
    await chooseSurface(Math.max(0, first));
  }
  document.documentElement.dataset.pointable = performance.now(); // the surfaces can be pointed at; the rest follows
  if (data.replays) {
    offerCosts(data.replays);
    await drawBars(data.replays);
    await drawCurves(data.replays);
  }
  fillTables(data);
  fillClaims(data.claims);
  fillProvenance(data);
  Object.assign(document.documentElement.dataset, { ready: "all", whole: performance.now() });
}

function fail(error) {
  const old = typeof DecompressionStream === "undefined";
  at("failure").textContent = old
    ? "This page needs a browser of 2023 or later."
    : `This page could not be shown: ${error.message}`;
  at("failure").hidden = false;
  console.error(error);
}

inTurn(start);
