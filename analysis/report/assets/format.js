// Numbers as the command line prints them.

/** Python's format(x, ".4g"): four significant digits, no trailing zeros, half to even; "-" where nothing is known. */
function general(x, digits = 4) {
  if (x === null || x === undefined) return "-";
  if (x === 0) return "0";
  const sign = x < 0 ? "-" : "";
  let [mantissa, power] = Math.abs(x)
    .toExponential(digits - 1)
    .split("e");
  const exact = Math.abs(x).toExponential(60);
  const tie = new RegExp(`^(\\d\\.?\\d{${digits - 1}})50*e(.+)$`).exec(exact);
  if (tie && "02468".includes(tie[1].at(-1))) [mantissa, power] = [tie[1], tie[2]];
  const exponent = Number(power);
  const plain = mantissa.replace(".", "");
  if (exponent < -4 || exponent >= digits) {
    const short = trimmed(`${plain[0]}.${plain.slice(1)}`);
    return `${sign}${short}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return sign + trimmed(`0.${"0".repeat(-exponent - 1)}${plain}`);
  return sign + trimmed(`${plain.slice(0, exponent + 1)}.${plain.slice(exponent + 1)}`);
}

function trimmed(text) {
  return text.replace(/0+$/, "").replace(/\.$/, "");
}

/** A number followed by its unit; a percent sign is attached. */
function withUnit(text, unit) {
  return unit === "%" ? text + unit : `${text} ${unit}`.trim();
}

function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
