// Sends every <form data-json> as a JSON call and shows the result. templates/fields.html explains the attributes.
// Text enters the page as textContent or value only, so that an answer of the server is never read as markup.

const UNREACHABLE = "We can't reach the server. Check your connection and try again.";
const BROKEN = 'Something went wrong on our side. Please try again in a moment.';
const COOKIES_BLOCKED = 'Your browser blocks cookies. Allow cookies for this site to log in.';
const LOGGED_OUT = 'Your session has ended. Log in to continue.';
const KEPT = 'We kept what you typed.';
const PATIENCE = 30_000; // milliseconds
const HOUR = 3_600_000;
const SESSION_ENDED = 40102;
const CODE_DUE = 40103;
const PROOF_NEEDED = 40303;
const ANOTHER_USER = 40906;
const LINK_IS_DEAD = 41001;
// The user that this page was rendered for. Another tab may have logged in another one meanwhile.
const { user } = document.body.dataset;
// These errors carry no field_errors (they are not 422), but they belong to one field.
const FIELD_OF = { 40902: 'email', 40903: 'username', [PROOF_NEEDED]: 'current_password', [CODE_DUE]: 'code' };

// Returns {data} or {errors} and never throws: a lost connection is shown like any other error.
async function call(method, url, body) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body && { 'Content-Type': 'application/json' }),
        ...(user && { 'X-User': user }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    return { errors: { display_error: UNREACHABLE } };
  }
  // A proxy or a hotel's network may answer in our place, with status 200. An answer without JSON is an error.
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return { data: answer.data };
  const errors = answer?.errors ?? { display_error: BROKEN };
  if (response.status === 429) errors.display_error += later(Number(response.headers.get('Retry-After')));
  return { errors };
}

// " Try again in 5 minutes." Rounded up, so that the next try is not too early.
function later(seconds) {
  if (!(seconds > 0)) return '';
  const [unit, size] = seconds > 5400 ? ['hour', 3600] : seconds > 90 ? ['minute', 60] : ['second', 1];
  return ` Try again ${new Intl.RelativeTimeFormat('en').format(Math.ceil(seconds / size), unit)}.`;
}

// What this page leaves for the next one in this tab. A browser that blocks cookies throws here: false.
function leave(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

function take(name) {
  try {
    const value = JSON.parse(sessionStorage.getItem(name));
    sessionStorage.removeItem(name);
    return value;
  } catch {
    return null;
  }
}

const notice = document.getElementById('notice');
const inputs = (form) => [...form.elements].filter((element) => element.name);
const errorOf = (input) => document.getElementById(`${input.id}-error`);

function bodyOf(form) {
  const body = {};
  for (const input of inputs(form)) {
    if (input.type === 'radio' && !input.checked) continue;
    if (input.type === 'checkbox') body[input.name] = input.checked;
    else if (input.dataset.optional !== undefined && !input.value) continue;
    else if (input.dataset.flag !== undefined) body[input.name] = input.value !== '';
    else if (input.dataset.list !== undefined) body[input.name] = input.value.split(' ').filter(Boolean);
    else body[input.name] = input.value;
  }
  return body;
}

function fill(form, data) {
  for (const input of inputs(form)) {
    const value = data[input.name];
    if (typeof value === 'boolean') input.checked = value;
    else if (typeof value !== 'string') continue;
    else if (input.type === 'radio') input.checked = input.value === value;
    else input.value = value;
  }
}

// The fields of the body that may be kept: no password, token or code. Before, submit() hides a visible password.
function withoutSecrets(form, body = {}) {
  const secret = ({ type, autocomplete }) => ['password', 'hidden'].includes(type) || autocomplete === 'one-time-code';
  const names = inputs(form).filter(secret).map((input) => input.name);
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}

const nameOf = (form) => `${form.dataset.method ?? 'post'} ${form.getAttribute('action')}`;

// After the login, the same user finds the form as it was left, for an hour at most. Another user does not.
function bringBack() {
  const kept = take('typed');
  const age = Date.now() - kept?.at;
  if (!(age >= 0 && age < HOUR) || (user && user !== kept.user)) return;
  const form = user && [...document.querySelectorAll('form[data-json]')].find((form) => nameOf(form) === kept.form);
  if (form) {
    fill(form, kept.body);
    form.closest('details')?.setAttribute('open', '');
    form.dispatchEvent(new Event('input'));
    notice.textContent = KEPT;
  } else {
    leave('typed', kept);
  }
}

function clear(form) {
  for (const said of form.querySelectorAll('[role=alert], .error')) said.textContent = '';
  for (const input of inputs(form)) input.setAttribute('aria-invalid', 'false');
}

// The link is missing or invalid: shows the element with the message and the next step.
function giveUp(form, sentence) {
  const instead = document.getElementById(form.dataset.otherwise);
  form.hidden = true;
  instead.hidden = false;
  if (sentence) instead.querySelector('[role=alert]').textContent = sentence;
  instead.focus();
}

// The answer, in the element that the form names.
function show(form, data) {
  const shown = document.getElementById(form.dataset.shows);
  for (const element of shown.querySelectorAll('[data-value]')) {
    element.textContent = [].concat(data[element.dataset.value]).join('\n'); // a list has a line for each
  }
  for (const part of shown.querySelectorAll('[data-when]')) {
    const [, name, not, value] = part.dataset.when.match(/^(\w+)(!?)=(.*)$/);
    part.hidden = (data[name] === value) === Boolean(not);
  }
  form.hidden = true;
  shown.hidden = false;
  shown.focus();
}

// "#" and the token in the form. Empty without one.
function hashOf(form) {
  const token = form.elements[form.dataset.fragment]?.value;
  return token || passed ? `#${token || passed}` : '';
}

// The link of the page goes back into the address bar, for it is not used yet.
function offerReload(form) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button quiet small';
  button.textContent = 'Reload';
  button.addEventListener('click', () => {
    if (hashOf(form)) history.replaceState(null, '', hashOf(form));
    location.reload();
  });
  form.querySelector('[role=alert]').append(' ', button);
  button.focus();
}

// To another page, and back here: the form is kept meanwhile.
function leaveFor(page, form, typed) {
  if (Object.keys(typed).length) leave('typed', { user, at: Date.now(), form: nameOf(form), body: typed });
  goTo(`${page}?next=${encodeURIComponent(location.pathname + location.search)}${hashOf(form)}`);
}

function showErrors(form, errors, typed = {}) {
  const code = errors.internal_error_code;
  if (code === SESSION_ENDED) {
    leave('notice', LOGGED_OUT);
    leaveFor('/login', form, typed);
    return;
  }
  if (code === CODE_DUE && form.dataset.code) {
    goTo(form.dataset.code + (passed && `#${passed}`));
    return;
  }
  if (code === CODE_DUE && form.dataset.logsIn === undefined) {
    leaveFor('/login/two-factor', form, typed); // another tab logs in
    return;
  }
  if (code === PROOF_NEEDED && !form.elements.current_password && !form.elements.code) {
    leaveFor('/reauthenticate', form, typed);
    return;
  }
  const { fragment, otherwise } = form.dataset;
  if (otherwise && (code === LINK_IS_DEAD || errors.field_errors?.[fragment])) {
    giveUp(form, code === LINK_IS_DEAD && errors.display_error);
    return;
  }
  const sentences = FIELD_OF[code] ? { [FIELD_OF[code]]: [errors.display_error] } : (errors.field_errors ?? {});
  const wrong = inputs(form).filter((input) => errorOf(input) && sentences[input.name]);
  for (const input of wrong) {
    errorOf(input).textContent = sentences[input.name].join(' ');
    input.setAttribute('aria-invalid', 'true');
  }
  const names = wrong.map((input) => input.name);
  const others = Object.keys(sentences).filter((name) => !names.includes(name)).flatMap((name) => sentences[name]);
  if (others.length || !wrong.length) {
    form.querySelector('[role=alert]').textContent = others.join(' ') || errors.display_error;
  }
  if (code === ANOTHER_USER) offerReload(form);
  wrong[0]?.focus();
}

// Returns a function that ends the waiting. A disabled button loses the keyboard's focus, so it is given back.
function wait(form) {
  const button = form.querySelector('[type=submit]');
  const focused = document.activeElement;
  button.disabled = true;
  form.setAttribute('aria-busy', 'true');
  return () => {
    button.disabled = false;
    form.removeAttribute('aria-busy');
    if (document.activeElement === document.body) focused?.focus();
  };
}

function goTo(place) {
  const url = new URL(place, location.href);
  location.assign(url.origin === location.origin ? url : '/'); // never another site
}

// Whether the browser has kept the cookie of a login. In Chromium, navigator.cookieEnabled is true when cookies are blocked.
async function refusedCookie() {
  const { errors } = await call('GET', '/api/user');
  return errors?.internal_error_code === SESSION_ENDED ? { display_error: COOKIES_BLOCKED } : undefined;
}

async function submit(form) {
  const { method = 'post', then, logsIn } = form.dataset;
  clear(form);
  notice.textContent = '';
  form.querySelectorAll('.reveal').forEach((button) => reveal(button, false));
  const body = inputs(form).length ? bodyOf(form) : undefined;
  const typed = withoutSecrets(form, body);
  const ready = wait(form);
  let { data, errors } = await call(method.toUpperCase(), form.getAttribute('action'), body);
  if (!errors && logsIn !== undefined) errors = await refusedCookie();
  const done = form.dataset.done?.replace(/\{(\w+)\}/g, (_, name) => data?.[name] ?? '');
  if (!errors && then && (!done || leave('notice', done))) {
    goTo(then); // the form stays busy: a second press would send it twice
    return;
  }
  ready();
  if (errors) {
    showErrors(form, errors, typed);
    return;
  }
  if (form.dataset.shows) {
    show(form, data);
    return;
  }
  for (const input of form.querySelectorAll('[type=password]')) input.value = '';
  if (data) fill(form, data); // the stored value may differ from the typed one
  form.dispatchEvent(new Event('saved'));
  notice.textContent = done ?? 'Saved.';
  closeRow(form);
}

// The form of a row has done its work: the row closes, and the focus returns to what opened it.
function closeRow(form) {
  const row = form.closest('details.setting-row');
  if (!row) return;
  row.open = false;
  row.querySelector('summary').focus();
}

// A closed row keeps nothing: what was typed, its errors, a password that is shown.
function emptyWhenClosed(row, form) {
  row.addEventListener('toggle', () => {
    if (row.open) return;
    form.querySelectorAll('.reveal').forEach((button) => reveal(button, false));
    form.reset();
    clear(form);
    if (form.dataset.shows) {
      form.hidden = false;
      document.getElementById(form.dataset.shows).hidden = true;
    }
    form.dispatchEvent(new Event('input'));
  });
}

// The fragment, unless it is the id of an element of this page.
const token = () => (document.getElementById(location.hash.slice(1)) ? '' : location.hash.slice(1));

// The token of this page leaves the address bar, so that no valid link stays on the screen or in the history.
const passed = document.querySelector('[data-fragment], [data-carries]') ? token() : '';
if (passed) history.replaceState(null, '', location.pathname + location.search);

function takeToken(form) {
  form.elements[form.dataset.fragment].value = passed;
  if (!passed) giveUp(form);
  // With another link to this same page, the browser would only change the address.
  addEventListener('hashchange', () => token() && location.reload());
}

// The token goes on to the page that follows. The answer to the call in data-carries fills a form that is empty.
async function carry(form) {
  const { then, carries } = form.dataset;
  form.dataset.then = `${then.split('#')[0]}#${passed}`;
  const { data } = carries ? await call('POST', carries, { token: passed }) : {};
  if (data && !inputs(form).some((input) => input.value)) fill(form, data);
}

function reveal(button, shown) {
  const input = document.getElementById(button.getAttribute('aria-controls'));
  input.type = shown ? 'text' : 'password';
  button.textContent = shown ? 'Hide' : 'Show';
  button.setAttribute('aria-label', `${button.textContent} ${input.labels[0].textContent.toLowerCase()}`);
}

for (const button of document.querySelectorAll('.reveal')) {
  button.hidden = false;
  button.addEventListener('click', () => reveal(button, button.textContent === 'Show'));
}

for (const button of document.querySelectorAll('[data-copies]')) {
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    button.textContent = 'Copied';
  });
}

// The button is quiet while there is nothing to save.
function wakeOnInput(form) {
  const written = () => JSON.stringify(bodyOf(form));
  const button = form.querySelector('[type=submit]');
  let saved = written();
  const update = () => button.classList.toggle('quiet', written() === saved);
  form.addEventListener('input', update);
  form.addEventListener('saved', () => {
    saved = written();
    update();
  });
  update();
}

function prepare(form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    // Once, however often it is asked for: by a double click, by Enter, by a password manager (requestSubmit).
    if (!form.hasAttribute('aria-busy')) submit(form);
  });
  form.querySelector('[type=submit]').disabled = false;
  if (form.dataset.fragment) takeToken(form);
  if (form.dataset.quiet !== undefined) wakeOnInput(form);
  if (passed && form.dataset.carries !== undefined) carry(form);
  if (passed && form.dataset.atOnce !== undefined) submit(form);
  const row = form.closest('details.setting-row');
  if (row) emptyWhenClosed(row, form);
}

document.querySelectorAll('form[data-json]').forEach(prepare);
// An element that another script adds to the page, or a form in it.
document.addEventListener('added', ({ target }) => {
  for (const form of document.querySelectorAll('form[data-json]')) if (target.contains(form)) prepare(form);
});

if (passed) for (const link of document.querySelectorAll('a[data-carries]')) link.hash = passed;

// A link cannot say X-User. When the page and the session disagree, the page is loaded anew, for the right user.
for (const link of document.querySelectorAll('a[download]')) {
  link.addEventListener('click', async (event) => {
    event.preventDefault();
    const { errors } = await call('GET', '/api/user');
    if (errors) location.reload();
    else location.assign(link.href);
  });
}

// The notice that the page before left.
const left = take('notice');
if (left) notice.textContent = left;

bringBack();

// A page from the back/forward cache may show a session that has ended.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
