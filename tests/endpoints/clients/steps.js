// The steps, for the clients of npm. `call(credential, action, parameters)` gives the answer's document.

export async function drive(call) {
  const given = JSON.parse(process.argv[2]);
  // Neither client shows the status.
  const tell = (step, what) => console.log(JSON.stringify({ step, ...what }));

  const refused = async (step, credential, parameters) => {
    const { result, message } = await call(given.api, credential, 'CreateSsoToken', parameters);
    tell(step, { http: null, message: result === 'error' ? message : null });
  };

  const land = async (step, url, known) => {
    const answer = await fetch(url, { redirect: 'manual' });
    await answer.text();
    const location = answer.headers.get('location');
    tell(step, known ? { http: answer.status, location } : { location });
  };

  const { clients } = await call(given.api, given.good, 'GetClients', { search: given.email });
  const found = clients.client.map(({ id }) => id);
  tell('GetClients', { http: null, clients: found });
  const token = await call(given.api, given.good, 'CreateSsoToken', {
    client_id: found[0],
    destination: 'clientarea:product_details',
    service_id: 7,
  });
  tell('CreateSsoToken', { http: null });
  await land('landing', token.redirect_url, true);
  await land('second use', token.redirect_url, false);

  const nowhere = { client_id: given.client, destination: 'clientarea:nowhere' };
  await refused('unknown destination', given.good, nowhere);
  await refused('closed client', given.good, { client_id: given.closed });
  await refused('single sign-on off', given.good, { client_id: given.opted_out });
  await refused('unknown client', given.good, { client_id: 999999 });
  await refused('nobody named', given.good, {});
  await refused('wrong secret', given.wrong, { client_id: given.client });
  await refused('address not allowed', given.elsewhere, { client_id: given.client });
}
