// Judges where a sign-in sends people by what Chromium asks for when it follows the answer, and by nothing
// that the server or its rules say.

/** What a page that nobody is to be sent to has in its address: as it is, decoded once, or twice. */
const DENIED = /dologin|logout|oauth|includes|modules|admin|dosinglesignon/;

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
}

/** What is wrong with an address that a browser was sent to, or null. */
function fault(address, system) {
  const url = new URL(address);
  const home = new URL(system);
  const base = home.pathname.replace(/\/$/, '');
  if (url.origin !== home.origin) return `left the host: ${url.origin}`;
  if (url.username !== '' || url.password !== '') return 'carries a user name';
  if (!url.pathname.startsWith(`${base}/`)) return `left the system's folder: ${url.pathname}`;
  let text = (url.pathname.slice(base.length) + url.search).toLowerCase();
  for (let level = 0; level < 3; level += 1) {
    if (DENIED.test(text)) return `reached a page of the deny table: ${url.pathname}${url.search}`;
    text = decoded(text).toLowerCase();
  }
  return null;
}

/**
 * Opens `address`, a sign-in page, in `page` and follows. `landed` is where the browser was sent, or null
 * when it stayed; `fault` says what was wrong with that. `outside` is the list of `launch`.
 */
export async function follow(page, outside, address, system) {
  const asked = [];
  const note = (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) asked.push(request.url());
  };
  const before = outside.length;
  page.on('request', note);
  let failure = null;
  try {
    await page.goto(address, { timeout: 10_000, waitUntil: 'commit' });
  } catch (error) {
    failure = error.message.match(/net::\w+/)?.[0] ?? error.message.split('\n')[0];
  }
  page.off('request', note);
  const cookies = await page.context().cookies();

  // A request has no fragment; the address bar has.
  const sent = [...asked.slice(1), ...(asked.length > 1 && failure === null ? [page.url()] : [])];
  const wrong = sent.map((url) => fault(url, system)).find((found) => found !== null) ?? null;
  const left = outside.slice(before);
  let verdict = wrong;
  if (left.length > 0) verdict ??= `went outside: ${left.join(' ')}`;
  if (failure !== null) verdict ??= `was sent where no browser goes: ${failure}`;
  if (cookies.some(({ name }) => name === 'planted')) verdict ??= 'a header was planted';
  return { landed: sent.at(-1) ?? null, fault: verdict };
}
