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


print(
    json.dumps(
        [
            (lands(f"{system}/", path), lands(f"{system}/oauth/singlesignon.php?access_token=1", f"{system}/{path}"))
            for system, path in json.load(sys.stdin)
        ]
    )
)
