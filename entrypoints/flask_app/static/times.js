// Shows every <time data-local> in the user's time zone: a day, a minute, or in words how long ago it is, with the minute
// as its title. The server does not know the time zone and writes UTC.

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' });
// As in page.py.
const UNITS = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60]];
const loaded = Date.now();

function ago(age) {
  const [unit, size] = UNITS.find(([, size]) => age >= size) ?? [];
  if (!unit) return 'just now';
  const count = Math.floor(age / size);
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

// The server counts the age and the browser adds the time since then: a wrong clock of the device does no harm.
const age = (time) => Number(time.dataset.age) + Math.max(0, Date.now() - loaded) / 1000;

const SHOW = {
  day: (time, moment) => { time.textContent = DAY.format(moment); },
  minute: (time, moment) => { time.textContent = MINUTE.format(moment); },
  ago: (time, moment) => { time.title = MINUTE.format(moment); },
};

function show(element) {
  for (const time of element.querySelectorAll('time[data-local]')) {
    SHOW[time.dataset.local](time, new Date(time.dateTime));
  }
}

show(document);
// An element that another script adds to the page. Its ages were counted now, and not when the page was loaded.
document.addEventListener('added', ({ target }) => {
  for (const time of target.querySelectorAll('time[data-age]')) time.dataset.age -= (Date.now() - loaded) / 1000;
  show(target);
});

function tick() {
  for (const time of document.querySelectorAll('time[data-age]')) {
    const words = ago(age(time));
    if (time.textContent !== words) time.textContent = words;
  }
}

setInterval(tick, 10_000);
// A tab in the background does not tick.
document.addEventListener('visibilitychange', tick);
