// What the page carries compressed, its data and the library that draws; and small helpers for the document.

/** The text in an element of the page: gzip, in base64. */
async function unpacked(id) {
  const letters = atob(document.getElementById(id).textContent.trim());
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/** A list without repetitions, in order of appearance. */
function unique(list) {
  return [...new Set(list)];
}

function at(id) {
  return document.getElementById(id);
}

/** An element with its properties and children; texts are texts, never markup. */
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Fill a select with [value, text] pairs, keeping what was chosen where it is still there. */
function choices(select, pairs) {
  const before = select.value;
  select.replaceChildren(...pairs.map(([value, text]) => make("option", { value, textContent: text })));
  if (pairs.some(([value]) => String(value) === before)) select.value = before;
}
