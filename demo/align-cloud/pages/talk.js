/* Talks to the simulator and tells the person how it went. */

export const byId = (id) => document.getElementById(id);
const told = byId('told');
let toldTimer;
let look = async () => undefined;

/** What to do after every action: look at the new state. */
export function afterAction(run) {
  look = run;
}

/** Says what happened, for eyes and screen readers; a fault stays longer. */
function tell(sentence, isFault = false) {
  clearTimeout(toldTimer);
  told.textContent = sentence;
  told.classList.toggle('bad', isFault);
  toldTimer = setTimeout(() => (told.textContent = ''), isFault ? 9000 : 4000);
}

export async function control(method, path, body) {
  const response = await fetch(`/control${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  const fields = Object.entries(answer.fields ?? {}).map(([name, why]) => `${name} ${why}`);
  throw new Error([answer.message, ...fields].join(' '));
}

/** Runs one action of the person's, says how it went, and looks at once. */
export async function act(sentence, run) {
  try {
    const answer = await run();
    tell(typeof sentence === 'function' ? sentence(answer) : sentence);
  } catch (error) {
    tell(error.message, true);
  }
  await look();
}
