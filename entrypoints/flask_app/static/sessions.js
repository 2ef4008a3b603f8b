// Keeps the list of sessions as it is on the server: each event of the user may have begun or ended one. The page has this
// file only where the stream is served (EVENT_STREAM=on). Rows that stay are not touched, so that a user who is about to
// press a button can do so.

const { user } = document.body.dataset;
const list = document.querySelector('ul.rows');
const notice = document.getElementById('notice');
const stream = new EventSource('/api/events/stream');
let wanted = 0;

// The page as it is now. Null when that is unknown: then this page stays as it is.
async function fetched() {
  try {
    const response = await fetch(location.href);
    if (!response.ok) return null;
    return new DOMParser().parseFromString(await response.text(), 'text/html');
  } catch {
    return null;
  }
}

const inUse = (element) => element.contains(document.activeElement) || element.querySelector('[aria-busy]');

// forms.js and times.js prepare what is added.
function add(element, where) {
  where(element);
  element.dispatchEvent(new Event('added', { bubbles: true }));
}

function replaceList(fresh) {
  const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
  let changed = '';
  let next = list.firstElementChild;
  for (const row of fresh.querySelectorAll('ul.rows > li')) {
    const known = rows.get(row.dataset.id);
    rows.delete(row.dataset.id);
    if (known) next = known.nextElementSibling;
    else {
      add(document.importNode(row, true), (element) => list.insertBefore(element, next));
      changed = 'A session has begun.';
    }
  }
  for (const row of rows.values()) {
    if (row.querySelector('[aria-busy]')) continue; // the user is ending it
    row.remove();
    changed = 'A session has ended.';
  }
  document.querySelector('.count').textContent = fresh.querySelector('.count').textContent;
  const below = document.querySelector('main .below');
  const freshBelow = fresh.querySelector('main .below');
  if (below.tagName !== freshBelow.tagName && !inUse(below)) {
    add(document.importNode(freshBelow, true), (element) => below.replaceWith(element));
  }
  if (changed) notice.textContent = changed;
}

async function update() {
  wanted += 1;
  if (wanted > 1) return; // the one that runs will ask again
  for (let asked = 0; asked < wanted; ) {
    asked = wanted;
    const fresh = await fetched();
    if (fresh && fresh.body.dataset.user !== user) location.reload(); // the session is another one, or none
    else if (fresh) replaceList(fresh);
  }
  wanted = 0;
}

// Also after a lost connection: what happened meanwhile was not sent.
stream.addEventListener('open', update);
stream.addEventListener('message', update);
stream.addEventListener('end', () => {
  stream.close();
  location.reload();
});
