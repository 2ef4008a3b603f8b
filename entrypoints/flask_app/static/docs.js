// The search of the API page: shows the operations that have every word, in their URL, sentence or fields.

const search = document.getElementById('search');
const input = document.getElementById('q');
const operations = [...document.querySelectorAll('article')].map((element) => [element, element.textContent.toLowerCase()]);
const sections = [...document.querySelectorAll('section:has(article)')];

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const [element, text] of operations) {
    element.hidden = !words.every((word) => text.includes(word));
    count += !element.hidden;
  }
  for (const section of sections) section.hidden = !section.querySelector('article:not([hidden])');
  document.getElementById('about').hidden = words.length > 0;
  document.getElementById('found').textContent = words.length ? `${count} of ${operations.length} calls` : '';
}

input.addEventListener('input', filter);
search.hidden = false;
// A browser that goes back keeps what was typed.
filter();
