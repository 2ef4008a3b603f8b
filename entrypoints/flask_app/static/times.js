// Shows every <time data-local> in the user's time zone, the day alone or to the minute. The server does not know the
// time zone and writes UTC.

const FORMATS = {
  day: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }),
  minute: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }),
};

for (const time of document.querySelectorAll('time[data-local]')) {
  time.textContent = FORMATS[time.dataset.local].format(new Date(time.dateTime));
}
