// Shows what the token of the link is for. A client without a session takes the token along to registration or login, and
// comes back with it. forms.js has moved the token into the form, where there is one.

const hidden = document.querySelector('input[name=token]');
const token = hidden ? hidden.value : location.hash.slice(1);

function giveUp(sentence) {
  const instead = document.getElementById('no-link');
  document.getElementById('invitation').hidden = true;
  instead.hidden = false;
  if (sentence) instead.querySelector('[role=alert]').textContent = sentence;
}

async function look() {
  const response = await fetch('/api/invitations/show', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (!answer) return; // the network is down: the page still works without the names
  if (answer.errors) {
    giveUp(answer.errors.display_error);
    return;
  }
  for (const place of document.querySelectorAll('[data-fact]')) place.textContent = answer.data[place.dataset.fact];
  const email = encodeURIComponent(answer.data.email);
  for (const link of document.querySelectorAll('[data-onward]')) {
    link.href = `${link.dataset.onward}?next=/invitation&email=${email}#${token}`;
  }
}

if (token) look();
else giveUp();
