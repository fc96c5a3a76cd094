"""Where urllib says that paths lead: pairs of a system URL and a path in, pairs of addresses out, as JSON."""

import json
import sys
from urllib.parse import urljoin, urlsplit


def lands(base: str, address: str) -> str | None:
    """What `address` leads to from the page `base`, as a program would ask for it."""
    try:
        return urlsplit(urljoin(base, address)).geturl()
    except ValueError:
        return None


def both(system: str, path: str) -> tuple[str | None, str | None]:
    """As a relative reference from the home page, and as the whole address from the sign-in page."""
    sign_in = f"{system}/oauth/singlesignon.php?access_token=1"
    return lands(f"{system}/", path), lands(sign_in, f"{system}/{path}")


print(json.dumps([both(*pair) for pair in json.load(sys.stdin)]))
