"""How a mail program reads. Run by itself: prints what a mail on standard input holds, its text and where its HTML leads."""

import json
import sys
from email import message_from_bytes, policy
from html.parser import HTMLParser


def received(raw: bytes) -> str:
    return message_from_bytes(raw, policy=policy.default).get_content()


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.found.append(dict(attrs)["href"])


def clicked(html: str) -> str:
    links = Links()
    links.feed(html)
    return "\n".join(links.found)


if __name__ == "__main__":
    mail = message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    print(json.dumps({"defects": len(mail.defects), "plain": plain, "html": clicked(html)}))
