// Keeps ages and the clock true while a page stays open, and adds the reader's own zone to the title of a time.
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const zone = document.body.dataset.zone || "UTC";
const device = Intl.DateTimeFormat().resolvedOptions().timeZone;
// The server's clock decides; this device's may be wrong by hours.
const offset = document.body.dataset.now ? Date.parse(document.body.dataset.now) - Date.now() : 0;
const now = () => Date.now() + offset;

// The same words as config/wording.py: neighbouring units, the rest cut off.
const length = (seconds, units = 1) => {
  let rest = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([size]) => rest >= size);
  const said = [];
  for (const [size, unit] of UNITS.slice(first < 0 ? 3 : first).slice(0, units)) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count || !said.length) said.push(`${count} ${unit}`);
  }
  return said.join(" ");
};

const clock = (at, timeZone, more = {}) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone, ...more }).format(at);

const ages = () => {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const gap = (now() - Date.parse(time.dateTime)) / 1000;
    const text = gap >= 0 ? `${length(gap)} ago` : `in ${length(-gap)}`;
    if (time.textContent !== text) time.textContent = text;
  }
  for (const span of document.querySelectorAll("[data-since]")) {
    const text = length((now() - Date.parse(span.dataset.since)) / 1000, Number(span.dataset.units));
    if (span.textContent !== text) span.textContent = text;
  }
  for (const face of document.querySelectorAll("[data-clock]")) face.textContent = clock(now(), face.dataset.clock || zone);
};

const titles = (root) => {
  if (!device || device === zone || device === "UTC") return;
  for (const time of root.querySelectorAll("time[datetime]:not([data-told])")) {
    time.dataset.told = "";
    time.title += `, ${clock(Date.parse(time.dateTime), device, { weekday: "short", second: "2-digit" })} ${device}`;
  }
};

const note = document.querySelector("[data-device-zone-note]");
if (note && device && device !== zone) {
  note.textContent = `; this device is in ${device}`;
  note.hidden = false;
}
// A zone asked for in a form starts with this device's, until the reader says otherwise.
for (const field of document.querySelectorAll("[data-device-zone]")) {
  if (device && (!field.options || [...field.options].some((o) => o.value === device))) field.value = device;
}

ages();
titles(document);
setInterval(() => document.hidden || ages(), 1000);
document.addEventListener("visibilitychange", ages);
for (const swapped of ["htmx:afterSwap", "htmx:oobAfterSwap"]) {
  document.addEventListener(swapped, () => {
    ages();
    titles(document);
  });
}
