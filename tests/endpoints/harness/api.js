// A call of the API, for what no client is tested with.

/** The answer's document. */
export async function call(server, credential, action, parameters) {
  const body = new URLSearchParams({ ...credential, action, ...parameters, responsetype: 'json' });
  const answer = await fetch(`${server.system}/includes/api.php`, { method: 'POST', body });
  return answer.json();
}
