// How a page listens to the embed: events bubble and carry ids and numbers, never names.
const badge = document.querySelector('[data-unread]');
document.addEventListener('itero-unread-change', (event) => {
  if (event.target.id !== 'clinic-inbox' || badge === null) return;
  badge.textContent = String(event.detail.total);
  badge.hidden = event.detail.total === 0;
});
