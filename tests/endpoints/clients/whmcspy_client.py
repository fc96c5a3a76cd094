"""Drives whmcspy, as PyPI has it."""

import json
import sys

import requests
from whmcspy import WHMCS
from whmcspy.exceptions import Error, MissingPermission

given = json.loads(sys.argv[1])


def tell(step, **what):
    print(json.dumps({"step": step, **what}), flush=True)


def refused(step, credential, action, **parameters):
    client = WHMCS(given["api"], **credential)
    try:
        client.call(action, **parameters)
    except MissingPermission as error:
        tell(step, http=403, message=str(error))
    except Error as error:
        # Whatever is not 403 looks the same.
        tell(step, http=None, message=str(error))
    else:
        tell(step, http=None, message=None)


def land(step, url, **known):
    answer = requests.get(url, allow_redirects=False)
    tell(step, location=answer.headers.get("Location"), **known and {"http": answer.status_code})


good = WHMCS(given["api"], **given["good"])
pages = list(good.paginated_call("GetClients", search=given["email"]))
found = [client["id"] for page in pages for client in page["clients"]["client"]]
tell("GetClients", http=None, clients=found)
token = good.call(
    "CreateSsoToken", client_id=found[0], destination="clientarea:product_details", service_id=7
)
tell("CreateSsoToken", http=None)
land("landing", token["redirect_url"], known=True)
land("second use", token["redirect_url"])

sso = (given["good"], "CreateSsoToken")
refused("unknown destination", *sso, client_id=given["client"], destination="clientarea:nowhere")
refused("closed client", *sso, client_id=given["closed"])
refused("single sign-on off", *sso, client_id=given["opted_out"])
refused("unknown client", *sso, client_id=999999)
refused("nobody named", *sso)
refused("wrong secret", given["wrong"], "CreateSsoToken", client_id=given["client"])
refused("address not allowed", given["elsewhere"], "CreateSsoToken", client_id=given["client"])
