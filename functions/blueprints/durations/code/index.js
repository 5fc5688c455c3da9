// Event: {"durations": ["2 days", "90 min"]}
// Result: {"total": {"ms", "text"}, "durations": [{"input", "ms", "text"}, ...]}
const ms = require("ms");

exports.handler = async (event) => {
  const durations = event.durations.map((input) => {
    const value = ms(input);
    if (value === undefined) throw new TypeError(`not a duration: ${input}`);
    return { input, ms: value, text: ms(value, { long: true }) };
  });
  const total = durations.reduce((sum, each) => sum + each.ms, 0);
  console.log(JSON.stringify({ level: "INFO", message: "added up", count: durations.length, total }));
  return { total: { ms: total, text: ms(total, { long: true }) }, durations };
};
