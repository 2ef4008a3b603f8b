// Shows every <time data-local> in the user's time zone: the day alone, to the minute, or how long ago, with the date and
// time as its title. The server does not know the time zone and writes UTC.

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const MINUTE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' });
const UNITS = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60]];

// As page.py says it: in the largest unit.
function ago(moment) {
  const seconds = Math.max(0, Math.floor((Date.now() - moment) / 1000));
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return 'just now';
}

function show(time) {
  const moment = new Date(time.dateTime);
  const text = { day: () => DAY.format(moment), minute: () => MINUTE.format(moment), ago: () => ago(moment) };
  time.textContent = text[time.dataset.local]();
  if (time.dataset.local === 'ago') time.title = MINUTE.format(moment);
}

const times = [...document.querySelectorAll('time[data-local]')];
times.forEach(show);
setInterval(() => times.filter((time) => time.dataset.local === 'ago').forEach(show), 60_000);
