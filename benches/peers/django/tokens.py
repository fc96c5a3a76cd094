"""tokens.py orm|sesame FILE COUNT: single-use tokens in Django, through its ORM or by django-sesame.

Both on a connection that stays open, with a write-ahead log and synced commits. COUNT users, for a token of
django-sesame is void as soon as another of the same user was redeemed.
"""

import hashlib
import secrets
import sys
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import django
from django.conf import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
from child import serve, sync_call  # noqa: E402

how, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
settings.configure(
    SECRET_KEY=secrets.token_hex(32),
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 60,
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
            },
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    SESAME_MAX_AGE=60,
    SESAME_ONE_TIME=True,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from sesame.utils import get_token, get_user  # noqa: E402


class Token(models.Model):
    """A token, by its digest."""

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False)
    client_id = models.BigIntegerField()
    destination = models.CharField(max_length=100)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "tokens"


class Event(models.Model):
    """A row of the audit."""

    at = models.DateTimeField()
    event = models.CharField(max_length=40)
    object = models.CharField(max_length=12)
    user_id = models.BigIntegerField()
    client_id = models.BigIntegerField()

    class Meta:
        app_label = "tokens"


def issue(_):
    """A token and its audit row."""
    token = secrets.token_hex(20)
    key = hashlib.sha256(token.encode()).hexdigest()
    now = timezone.now()
    with transaction.atomic():
        Token.objects.create(
            key=key,
            user=users[0],
            client_id=1,
            destination="clientarea:product_details",
            issued_at=now,
            expires_at=now + timedelta(minutes=1),
        )
        Event.objects.create(at=now, event="token.issued", object=key[:12], user_id=users[0].pk, client_id=1)
    return token


def redeem(token):
    """One conditional UPDATE decides."""
    key = hashlib.sha256(token.encode()).hexdigest()
    now = timezone.now()
    with transaction.atomic():
        live = Token.objects.filter(key=key, redeemed_at=None, expires_at__gt=now)
        if live.update(redeemed_at=now) != 1:
            raise PermissionError
        row = Token.objects.select_related("user").get(key=key)
        Event.objects.create(
            at=now, event="token.redeemed", object=key[:12], user_id=row.user_id, client_id=row.client_id
        )
    return row


def redeem_by_sesame(token):
    """It looks the user up, compares, and writes when that user logged in last: the same token is void then."""
    user = get_user(token)
    if user is None:
        raise PermissionError
    return user


def issue_by_sesame(number):
    """It writes nothing: the token is computed from the user's row."""
    return get_token(users[number])


call_command("migrate", verbosity=0)
with connection.schema_editor() as editor:
    editor.create_model(Token)
    editor.create_model(Event)
User.objects.bulk_create([User(username=f"ann{number}", password="!") for number in range(count)])
users = list(User.objects.order_by("pk"))


def again(act):
    """Users as they are now, for the tokens of the next round."""

    def run(number):
        if number == 0:
            users[:] = User.objects.order_by("pk")
        return act(number)

    return run


acts = {
    "orm": {"issue": issue, "redeem": redeem},
    "sesame": {"issue": again(issue_by_sesame), "redeem": redeem_by_sesame},
}[how]
with connection.cursor() as cursor:
    sqlite = cursor.execute("SELECT sqlite_version()").fetchone()[0]
    kept = cursor.execute("PRAGMA journal_mode").fetchone()[0], cursor.execute("PRAGMA synchronous").fetchone()[0]
if kept != ("wal", 2):
    raise SystemExit(f"the database is in {kept}")
serve(acts, {"django": django.__version__, "django-sesame": version("django-sesame"), "sqlite": sqlite}, sync_call())
