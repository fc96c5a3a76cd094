// Drives whmcs-js, as npm has it.

import whmcs from 'whmcs-js';

import { drive } from './steps.js';

await drive((serverUrl, credential, action, parameters) => {
  const client = new whmcs.Clients({ serverUrl, ...credential });
  return action === 'GetClients' ? client.getClients(parameters) : client.callApi({ action, ...parameters });
});
