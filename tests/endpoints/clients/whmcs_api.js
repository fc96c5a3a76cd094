// Drives whmcs-api, as npm has it.

import WHMCS from 'whmcs-api';

import { drive } from './steps.js';

let last;

await drive(async (endpoint, credential, action, parameters) => {
  // The two calls that belong together go through one client: so the second brings the first one's `search`.
  // A refusal gets a fresh one, or it would be asked with the client and destination of the call before.
  const fresh = last?.credential !== credential || last.action !== 'GetClients';
  const client = fresh ? new WHMCS({ endpoint, ...credential, responsetype: 'json' }) : last.client;
  last = { client, credential, action };
  try {
    return await client.call(action, parameters);
  } catch (error) {
    return { result: 'error', message: error.message };
  }
});
