// Menus close on Escape, on a click beside them, and when another one opens. Buttons with data-opens show a dialog.

const menus = [...document.querySelectorAll('details.menu')];

function close(menu, focus) {
  if (!menu.open) return;
  menu.open = false;
  if (focus) menu.querySelector('summary').focus();
}

for (const menu of menus) {
  menu.addEventListener('keydown', (event) => event.key === 'Escape' && close(menu, true));
  menu.addEventListener('toggle', () => {
    if (menu.open) menus.filter((other) => other !== menu).forEach((other) => close(other));
  });
}

addEventListener('click', (event) => menus.filter((menu) => !menu.contains(event.target)).forEach((menu) => close(menu)));

for (const button of document.querySelectorAll('[data-opens]')) {
  button.addEventListener('click', () => document.getElementById(button.dataset.opens).showModal());
  button.disabled = false;
}
