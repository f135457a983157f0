// Vega-Lite charts in the page's boxes: drawn, drawn anew where the page changes, and fed with data.

const vegaErrors = 1; // charts begin without the rows that pointing brings, which Vega would remark on
const views = new Map();
const cleanups = new Map();

/** Draw a Vega-Lite specification into the element of this id, in place of what was there. */
async function draw(id, specification, renderer = "svg") {
  clear(id);
  at(id).setAttribute("aria-busy", "true");
  const drawn = await vegaEmbed(at(id), specification, {
    mode: "vega-lite",
    config: config(),
    actions: false,
    renderer,
    hover: false,
    defaultStyle: false,
    logLevel: vegaErrors,
  });
  views.set(id, drawn.view);
  cleanups.set(id, drawn.finalize);
  at(id).removeAttribute("aria-busy");
}

function clear(id) {
  cleanups.get(id)?.();
  cleanups.delete(id);
  views.delete(id);
  at(id).replaceChildren();
}

/** Give the chart in this element new rows for some of its data sets. */
function feed(id, sets) {
  const view = views.get(id);
  if (!view) return;
  for (const [name, rows] of Object.entries(sets)) view.data(name, rows);
  view.run();
}

/** The inner width that a chart may have, `used` pixels going to axes. */
function room(id, used) {
  return Math.max(120, at(id).parentElement.clientWidth - innerPadding(at(id).parentElement) - used);
}

function innerPadding(element) {
  const style = getComputedStyle(element);
  return parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
}

/** Numbers of an axis without needless zeros and powers, where the scale wants a label at all. */
const PLAIN = "datum.label === '' ? '' : format(datum.value, '~g')";

const narrow = () => window.innerWidth < 560;

/** An axis whose labels stand where we say: [position, text] pairs. */
function labelled(title, pairs, further = {}) {
  const places = JSON.stringify(pairs.map(([place]) => place));
  const texts = JSON.stringify(pairs.map(([, text]) => text));
  return {
    title,
    values: pairs.map(([place]) => place),
    labelExpr: `${texts}[indexof(${places}, datum.value)]`,
    grid: false,
    ...further,
  };
}
