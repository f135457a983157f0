// A searcher's path: which replay is followed, up to which trial, and what it had found by then.

const PLAYED = 20_000; // milliseconds in which a long path is walked

const walk = { groups: [], group: null, path: null, timer: null };

/** Offer the searchers that walked over this surface. */
function offerWalks(replays, number) {
  const here = replays ? replays.groups.filter((group) => group.place === number) : [];
  walk.groups = here;
  at("walk").hidden = here.length === 0;
  choices(
    at("walk-searcher"),
    here.map((group, place) => [place, replays.searchers[group.searcher]]),
  );
}

function chooseWalk() {
  walk.group = walk.groups[Number(at("walk-searcher").value)] ?? null;
  const paths = walk.group ? walk.group.paths : [];
  choices(
    at("walk-repeat"),
    paths.map((path, place) => [place, path.repeat]),
  );
  return choosePath();
}

async function choosePath() {
  stopWalk();
  const { group } = walk;
  walk.path = group ? (group.paths[Number(at("walk-repeat").value)] ?? null) : null;
  for (const id of ["walk-trial", "walk-play", "walk-repeat"]) at(id).disabled = !walk.path;
  if (!walk.path) {
    at("walk-count").textContent = "";
    at("walk-said").textContent = group ? group.said : "";
    return clear("walk-curve");
  }
  const last = walk.path.best.at(-1)[0];
  at("walk-trial").min = walk.path.trials[0] ?? 1;
  at("walk-trial").max = last;
  at("walk-trial").value = Math.min(last, TRAIL);
  await drawFound();
}

/** The best cell so far against trials, of this replay alone. */
async function drawFound() {
  const { path } = walk;
  const { surface } = state.plane;
  const found = path.best.map(([trial, , above]) => ({ trial, above })).filter((row) => row.above !== null);
  if (!found.length) return clear("walk-curve");
  const highest = Math.max(...found.map((row) => row.above));
  const ticks = surface.edges.filter((edge) => edge <= highest * 1.3);
  const x = {
    field: "trial",
    type: "quantitative",
    title: "trial",
    axis: { grid: false, tickMinStep: 1, tickCount: 8, format: "d" },
    scale: { domain: [1, Math.max(2, path.best.at(-1)[0])], nice: false },
  };
  const y = {
    field: "above",
    type: "quantitative",
    title: "best so far",
    axis: { values: ticks.length > 1 ? ticks : undefined, labelOverlap: "greedy", labelSeparation: 5 },
    scale: { type: "symlog", constant: surface.edges[1] },
  };
  await draw("walk-curve", {
    width: room("walk-curve", 0),
    height: 110,
    autosize: { type: "fit-x", contains: "padding" },
    config: { aria: false },
    layer: [
      {
        data: rows("found", found),
        mark: { type: "line", interpolate: "step-after", color: colour("accent") },
        encoding: { x, y },
      },
      { data: rows("now"), mark: { type: "rule", color: colour("quiet") }, encoding: { x } },
      {
        data: rows("now"),
        mark: { type: "point", filled: true, size: 60, color: colour("accent") },
        encoding: { x, y },
      },
    ],
  });
}

/** Show the path up to the slider's trial. */
function showWalk() {
  const { path, group } = walk;
  const { plane } = state;
  if (!path) return feed("heatmap", { seen: [], moves: [], now: [] });
  const trial = Number(at("walk-trial").value);
  const length = path.trials.filter((each) => each <= trial).length;
  showPath(plane, path.cells, length);
  const { surface } = plane;
  at("walk-count").textContent = `${trial.toLocaleString("en")} of ${path.best.at(-1)[0].toLocaleString("en")}`;
  const cell = path.cells[length - 1];
  const best = path.best.filter(([then]) => then <= trial).at(-1);
  const told = [];
  if (cell !== undefined) {
    const amount = path.amounts ? path.amounts[length - 1] : null;
    const part =
      amount !== null && surface.curve ? ` for ${amount} ${surface.curve.name}${amount === 1 ? "" : "s"}` : "";
    told.push(`${group.chosen ? "Chosen" : `Trial ${trial}`}: ${settings(surface, cell)}${part}`);
    told.push(`its value ${withUnit(general(surface.mean[cell]), surface.unit)}`);
  }
  if (best && best[1] !== null)
    told.push(`best so far ${withUnit(general(best[1]), surface.unit)}, suboptimality ${general(best[2])}`);
  at("walk-said").textContent = told.join(" · ");
  feed("walk-curve", { now: best && best[2] !== null ? [{ trial, above: best[2] }] : [] });
}

function stopWalk() {
  clearInterval(walk.timer);
  walk.timer = null;
  at("walk-play").textContent = "▶";
  at("walk-play").setAttribute("aria-label", "Play the path");
}

/** Move the slider a trial at a time, from the start where it has come to the end. */
function playWalk() {
  if (walk.timer) return stopWalk();
  const slider = at("walk-trial");
  if (slider.value === slider.max) slider.value = slider.min;
  at("walk-play").textContent = "❚❚";
  at("walk-play").setAttribute("aria-label", "Stop");
  walk.timer = setInterval(
    () => {
      slider.value = Number(slider.value) + 1;
      showWalk();
      if (slider.value === slider.max) stopWalk();
    },
    Math.min(220, Math.max(40, PLAYED / slider.max)),
  );
}
