// Shows every <time data-local> in the user's time zone. The server does not know it and writes UTC.

const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' });

for (const time of document.querySelectorAll('time[data-local]')) {
  time.textContent = local.format(new Date(time.dateTime));
}
