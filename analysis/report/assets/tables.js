// Tables: costs and surfaces, to sort and to filter; the paper's statements; where everything came from.

const INTEGERS = new Set(["repeats", "hits", "cells", "seeds", "ties", "diverged"]);

/** A table whose columns sort; `columns` are [key, heading] pairs. */
function sortable(caption, columns, list) {
  const numeric = new Set(
    columns.map(([key]) => key).filter((key) => list.some((row) => typeof row[key] === "number")),
  );
  const text = (key, value) =>
    typeof value !== "number" ? (value ?? "-") : INTEGERS.has(key) ? String(value) : general(value);
  const lines = list.map((row) => ({
    row,
    line: make(
      "tr",
      {},
      ...columns.map(([key]) =>
        make("td", { className: numeric.has(key) ? "number" : "", textContent: text(key, row[key]) }),
      ),
    ),
  }));
  const body = make("tbody", {}, ...lines.map(({ line }) => line));
  const heads = columns.map(([key, heading]) => {
    const head = make("th", { scope: "col", className: numeric.has(key) ? "number" : "" });
    const button = make("button", { type: "button", textContent: heading });
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const unknown = (value) => value === null || value === undefined;
      const ordered = [...lines].sort(({ row: one }, { row: other }) => {
        const [a, b] = [one[key], other[key]];
        if (unknown(a) || unknown(b)) return Number(unknown(a)) - Number(unknown(b)); // what is not known stays last
        return (down ? -1 : 1) * (numeric.has(key) ? a - b : String(a).localeCompare(String(b)));
      });
      body.replaceChildren(...ordered.map(({ line }) => line));
    });
    head.append(button);
    return head;
  });
  const table = make(
    "table",
    {},
    make("caption", { textContent: caption }),
    make("thead", {}, make("tr", {}, ...heads)),
    body,
  );
  return make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: caption }, table);
}

function filterTables() {
  const words = at("filter")
    .value.toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  for (const line of document.querySelectorAll("#tables tbody tr")) {
    const said = line.textContent.toLowerCase();
    line.hidden = !words.every((word) => said.includes(word));
  }
}

function fillTables(data) {
  const found = [];
  if (data.replays) {
    const { rows: list, counted, columns } = data.replays;
    const kept = columns.filter((key) => key !== "note" || list.some((row) => row.note));
    found.push(
      sortable(
        `Cost in ${counted}, as tunecost cost prints it`,
        kept.map((key) => [key, key]),
        list,
      ),
    );
    found[0].id = "cost-table";
  }
  if (data.surfaces.length) {
    const levels = unique(data.surfaces.flatMap((surface) => Object.keys(surface.summary.within))).sort(
      (one, other) => one - other,
    );
    const list = data.surfaces.map((surface) => ({
      surface: surface.name,
      metric: withUnit(surface.metric, surface.unit && `(${surface.unit})`),
      ...surface.summary,
      ...Object.fromEntries(
        levels.map((level) => [
          `within ${level}`,
          level in surface.summary.within ? 100 * surface.summary.within[level] : null,
        ]),
      ),
    }));
    const columns = [
      ["surface", "surface"],
      ["metric", "metric"],
      ["lowest", "lowest"],
      ["best", "best cell"],
      ["ties", "ties"],
      ...levels.map((level) => [`within ${level}`, `% of cells within ${level}`]),
      ["cells", "cells"],
      ["seeds", "seeds"],
      ["diverged", "diverged runs"],
    ];
    found.push(sortable("Surfaces, as tunecost grid show describes them", columns, list));
  }
  at("tables").replaceChildren(...found);
}

/** Of each verdict its sign, its class, and its word where statements are counted. */
const VERDICTS = {
  holds: ["✓", "holds", "hold"],
  "does not hold": ["✗", "fails", "do not"],
  "cannot be told": ["?", "open", "cannot be told"],
};

function fillClaims(claims) {
  const tasks = unique(claims.map((row) => row.task));
  at("claims-list").replaceChildren(
    ...tasks.flatMap((task) => {
      const own = claims.filter((row) => row.task === task);
      const many = Object.entries(VERDICTS).map(
        ([verdict, [, , word]]) => `${own.filter((row) => row.verdict === verdict).length} ${word}`,
      );
      const lines = own.map((row) => {
        const [sign, kind] = VERDICTS[row.verdict];
        const interval = row.low === null && row.high === null ? "" : ` [${general(row.low)}, ${general(row.high)}]`;
        const statement = make(
          "td",
          {},
          row.statement,
          make("div", { className: "why", textContent: `${row.why}. Rule: ${row.rule} (section ${row.section})` }),
        );
        const cell = (name, textContent) => {
          const made = make("td", { className: "number", textContent });
          made.dataset.name = name;
          return made;
        };
        return make(
          "tr",
          {},
          make("td", { className: `verdict ${kind}`, textContent: `${sign} ${row.verdict}` }),
          statement,
          cell("paper", row.paper === null ? "" : general(row.paper)),
          cell("ours", row.ours === null ? "" : general(row.ours) + interval),
        );
      });
      const head = make(
        "thead",
        {},
        make(
          "tr",
          {},
          ...["verdict", "statement", "paper", "ours"].map((name, place) =>
            make("th", { textContent: name, className: place > 1 ? "number" : "" }),
          ),
        ),
      );
      return [
        make("h3", { textContent: task }),
        make("p", {
          className: "quiet",
          textContent: `${own.length} statements: ${many.join(", ")}. As tunecost claims prints them.`,
        }),
        make("table", { className: "claims" }, head, make("tbody", {}, ...lines)),
      ];
    }),
  );
}

function fillProvenance(data) {
  const parts = [
    ...data.surfaces.map((surface) => ({ name: `surface ${surface.name}`, facts: surface.facts })),
    ...data.tables.map((table) => ({ name: `replay table ${table.name}`, facts: table.facts })),
  ];
  at("provenance-list").replaceChildren(
    ...parts.map(({ name, facts }) =>
      make(
        "details",
        {},
        make("summary", { textContent: name }),
        make(
          "dl",
          {},
          ...facts.flatMap(([key, text]) => [make("dt", { textContent: key }), make("dd", { textContent: text })]),
        ),
      ),
    ),
  );
}
