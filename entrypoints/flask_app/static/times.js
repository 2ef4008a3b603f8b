// Writes every <time data-local> in the reader's own time zone, which the server does not know: it wrote them in UTC.

const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' });

for (const time of document.querySelectorAll('time[data-local]')) {
  time.textContent = local.format(new Date(time.dateTime));
}
