// Turns every <form data-json> into its JSON call and says what came of it (templates/fields.html has the convention).
// Text only ever enters the page as textContent or value: what the server says is never taken for markup.

const UNREACHABLE = 'We could not reach the server. Please check your connection and try again.';
const BROKEN = 'Something went wrong on our side. Please try again in a moment.';
const NOTHING = 'There is nothing to change here yet.';
const PATIENCE = 30_000; // milliseconds
const SESSION_ENDED = 40102;
const LINK_IS_DEAD = 41001;
// These errors are not about the form of the input (422), but one field is where people look for them.
const FIELD_OF = { 40902: 'email', 40903: 'username', 40303: 'current_password' };

// Answers {data} or {errors}, never throws: a lost connection is one more thing to tell the person.
async function call(method, url, body) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    return { errors: { display_error: UNREACHABLE } };
  }
  // A proxy or a hotel's network may answer in our place, and with 200: what is not JSON is no success.
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return { data: answer.data };
  const errors = answer?.errors ?? { display_error: BROKEN };
  if (response.status === 429) errors.display_error += later(Number(response.headers.get('Retry-After')));
  return { errors };
}

// " Try again in 5 minutes.", rounded up: who comes back then is not too early.
function later(seconds) {
  if (!(seconds > 0)) return '';
  const [unit, size] = seconds > 5400 ? ['hour', 3600] : seconds > 90 ? ['minute', 60] : ['second', 1];
  return ` Try again ${new Intl.RelativeTimeFormat('en').format(Math.ceil(seconds / size), unit)}.`;
}

const inputs = (form) => [...form.elements].filter((element) => element.name);
const errorOf = (input) => document.getElementById(`${input.id}-error`);

function bodyOf(form) {
  const body = {};
  for (const input of inputs(form)) {
    if (input.type === 'radio' && !input.checked) continue;
    body[input.name] = input.type === 'checkbox' ? input.checked : input.value;
  }
  return body;
}

function fill(form, data) {
  for (const input of inputs(form)) {
    if (typeof data[input.name] === 'string') input.value = data[input.name];
  }
}

function clear(form) {
  for (const said of form.querySelectorAll('[role=alert], [role=status], .error')) said.textContent = '';
  for (const input of inputs(form)) input.setAttribute('aria-invalid', 'false');
}

// The link that led here is no good: says so, and shows what one can do instead.
function giveUp(form, sentence) {
  const instead = document.getElementById(form.dataset.otherwise);
  form.hidden = true;
  instead.hidden = false;
  if (sentence) instead.querySelector('[role=alert]').textContent = sentence;
  instead.focus();
}

function showErrors(form, errors) {
  const code = errors.internal_error_code;
  if (code === SESSION_ENDED) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
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
  wrong[0]?.focus();
}

// Answers how to end the waiting. Disabling a button takes the keyboard's focus from it: it is given back.
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

function goTo(place, sentence) {
  const url = new URL(place, location.href);
  if (sentence) sessionStorage.setItem('notice', sentence);
  location.assign(url.origin === location.origin ? url : '/'); // a page of this site, whoever wrote the address
}

async function submit(form) {
  const { method = 'post', then, done } = form.dataset;
  clear(form);
  form.querySelectorAll('.reveal').forEach((button) => reveal(button, false));
  const body = inputs(form).length ? bodyOf(form) : undefined;
  const ready = wait(form);
  const { data, errors } = await call(method.toUpperCase(), form.getAttribute('action'), body);
  if (!errors && then) {
    goTo(then, done); // still disabled: a second press would send it twice
    return;
  }
  ready();
  if (errors) {
    showErrors(form, errors);
    return;
  }
  for (const input of form.querySelectorAll('[type=password]')) input.value = '';
  if (data) fill(form, data); // what was kept may differ from what was typed
  form.querySelector('[role=status]').textContent = done ?? 'Saved.';
}

async function load(form) {
  const controls = [...form.elements];
  for (const control of controls) control.disabled = true;
  const { data, errors } = await call('GET', form.dataset.load);
  const thing = Array.isArray(data) ? data[0] : data;
  if (!thing) {
    showErrors(form, errors ?? { display_error: NOTHING });
    return;
  }
  form.setAttribute('action', form.getAttribute('action').replace('{id}', encodeURIComponent(thing.id)));
  fill(form, thing);
  for (const control of controls) control.disabled = false;
}

// The fragment, unless it is a place in this page.
const token = () => (document.getElementById(location.hash.slice(1)) ? '' : location.hash.slice(1));

// Nobody looking over a shoulder or into the history finds a link that still works.
function takeToken(form) {
  const input = form.elements[form.dataset.fragment];
  input.value = token();
  if (input.value) history.replaceState(null, '', location.pathname + location.search);
  else giveUp(form);
  // Another link to the page one is on already: the browser would only change the address.
  addEventListener('hashchange', () => token() && location.reload());
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

for (const form of document.querySelectorAll('form[data-json]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit(form);
  });
  form.querySelector('[type=submit]').disabled = false;
  if (form.dataset.load) load(form);
  if (form.dataset.fragment) takeToken(form);
}

// What the page before wanted said.
document.getElementById('notice').textContent = sessionStorage.getItem('notice') ?? '';
sessionStorage.removeItem('notice');

// A page out of the browser's back/forward cache shows who was logged in then.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
