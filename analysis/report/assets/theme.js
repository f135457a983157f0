// Colours of the scheme that the reader's system asks for. Series differ by colour and by dash.

const LIGHT = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#56B4E9",
  "#E69F00",
  "#882255",
  "#999933",
  "#332288",
  "#777777",
];
const DARK = [
  "#4AA3DF",
  "#F0803C",
  "#2FC495",
  "#E08FC0",
  "#A5DCFA",
  "#F2B63D",
  "#D4669A",
  "#C3C35F",
  "#A396F5",
  "#B0B0B0",
];
const DASHES = [
  [1, 0],
  [6, 2],
  [2, 2],
  [6, 2, 1, 2],
  [10, 3],
  [3, 1],
  [8, 2, 2, 2],
  [1, 3],
  [12, 2, 3, 2],
  [4, 4],
];
const STAR =
  "M0,-1L0.2939,-0.4045L0.9511,-0.309L0.4755,0.1545L0.5878,0.809L0,0.5" +
  "L-0.5878,0.809L-0.4755,0.1545L-0.9511,-0.309L-0.2939,-0.4045Z";
const STAR_FILL = "#D0021B";

const scheme = window.matchMedia("(prefers-color-scheme: dark)");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function series(index) {
  return (scheme.matches ? DARK : LIGHT)[index % LIGHT.length];
}

function dash(index) {
  return DASHES[index % DASHES.length];
}

/** The settings of every chart. */
function config() {
  const [ink, quiet, line] = [colour("ink"), colour("quiet"), colour("line")];
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent",
    font,
    padding: 4,
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: quiet,
      gridColor: line,
      domainColor: quiet,
      tickColor: quiet,
      titleFontWeight: "normal",
      labelFontSize: 12,
      titleFontSize: 12,
      titlePadding: 6,
      labelLimit: 150,
      labelSeparation: 6,
      titleLimit: 400,
    },
    legend: {
      labelColor: ink,
      titleColor: quiet,
      titleFontWeight: "normal",
      labelFontSize: 12,
      titleFontSize: 12,
      labelLimit: 260,
    },
    title: { color: ink },
    text: { color: ink },
  };
}
