"""A text with a sign-in link, as mail programs send and read it: prints the texts that arrive, as JSON by way.

The one argument is the link's URL. Ways whose name begins with "wrong" are mails labelled as something else
than they are, which happens.
"""

import json
import quopri
import re
import sys
from email import policy
from email.message import EmailMessage

from reading import clicked, received

URL = sys.argv[1]
BEFORE = "Dear Ann,\n\nyour invoice no. 5 over 12,50 is here. It is due in fourteen days; the link below works for three days.\n\n"
AFTER = "\n\nWith kind regards\n"
TEXT = BEFORE + URL + AFTER


def sent(cte: str, text: str = TEXT, subtype: str = "plain") -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"], mail["From"], mail["To"] = "Invoice 5", "billing@example.com", "ann@example.com"
    mail.set_content(text, subtype=subtype, cte=cte)
    return mail.as_bytes()


def relabelled(raw: bytes, cte: str) -> bytes:
    changed, count = re.subn(rb"(?mi)^Content-Transfer-Encoding: .*?\r\n", b"Content-Transfer-Encoding: %s\r\n" % cte.encode(), raw)
    assert count == 1
    return changed


def flowed(text: str, width: int = 72) -> str:
    """RFC 3676: a line that goes on ends with a blank; a word is never broken."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + 1 + len(word) > width:
                lines.append(line + " ")
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return "\n".join(lines)


def unflowed(text: str) -> str:
    return re.sub(r" \r?\n", " ", text)


HTML = f'<p>Dear Ann,</p><p>your invoice is <a style="color:#0b4fa8" href="{URL}">here</a>, and due in fourteen days.</p>'
# Encoded by a program that does not fold, so that only the label is wrong.
QUOTED = quopri.encodestring(TEXT.encode()).replace(b"\n", b"\r\n")
HEAD = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"

WAYS = {
    "7bit": received(sent("7bit")),
    "quoted-printable": received(sent("quoted-printable")),
    "base64": received(sent("base64")),
    "8bit": received(sent("8bit", TEXT.replace("kind", "schönen"))),
    "flowed": unflowed(received(sent("7bit", flowed(TEXT)))),
    "flowed and quoted-printable": unflowed(received(sent("quoted-printable", flowed(TEXT)))),
    "html, quoted-printable": clicked(received(sent("quoted-printable", HTML, "html"))),
    "html, base64": clicked(received(sent("base64", HTML, "html"))),
    "wrong: plain, labelled quoted-printable": received(relabelled(sent("7bit"), "quoted-printable")),
    "wrong: quoted-printable, labelled 7bit": received(HEAD + QUOTED),
    "quoted with >": received(sent("7bit", "\n".join(f"> {line}" for line in TEXT.split("\n")))),
}
print(json.dumps(WAYS))
