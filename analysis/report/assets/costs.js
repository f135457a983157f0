// What tuning costs: which task, target and lines are shown.

function offerCosts(replays) {
  choices(
    at("cost-task"),
    unique(replays.groups.map((group) => group.task)).map((task) => [task, task]),
  );
  offerTask(replays);
}

/** Offer the targets and lines of the chosen task. */
function offerTask(replays) {
  const task = at("cost-task").value;
  at("cost-task").parentElement.hidden = at("cost-task").options.length < 2;
  const own = replays.rows.filter((row) => row.task === task);
  choices(
    at("cost-target"),
    unique(own.map((row) => row.target)).map((target) => [target, withUnit(general(target), own[0].unit)]),
  );
  const groups = replays.groups.filter((group) => group.task === task);
  const under = unique(groups.map((group) => group.searcher)).map((name) => [
    `searcher:${name}`,
    `every optimizer under ${replays.searchers[name]}`,
  ]);
  const on = unique(groups.map((group) => group.surface)).map((name) => [
    `surface:${name}`,
    `every searcher on ${label(groups, name)}`,
  ]);
  const single = on.length === 1;
  choices(at("curve-lines"), single ? [...on, ...under] : [...under, ...on]);
}

function label(groups, surface) {
  return groups.find((group) => group.surface === surface).label;
}
