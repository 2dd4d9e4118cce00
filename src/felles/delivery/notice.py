"""The e-mail that tells a patient of a letter: no name, no sender, nothing of what it is about."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

Words = tuple[str, str]
_WORDS: Mapping[str, Words] = {
    "nb": (
        "Du har fått et nytt brev",
        "Du har fått et nytt brev i journalen din. Logg inn for å lese det: {address}\n\n"
        "Vi sender aldri lenker til innlogging med BankID på SMS, og ber aldri om passord.\n"
        "Åpner du ikke brevet innen sju dager, sender vi det på papir.\n",
    ),
    "nn": (
        "Du har fått eit nytt brev",
        "Du har fått eit nytt brev i journalen din. Logg inn for å lese det: {address}\n\n"
        "Vi sender aldri lenkjer til innlogging med BankID på SMS, og ber aldri om passord.\n"
        "Opnar du ikkje brevet innan sju dagar, sender vi det på papir.\n",
    ),
    "en": (
        "You have a new letter",
        "You have a new letter in your health record. Sign in to read it: {address}\n\n"
        "We never send links to sign in with BankID by text message, and never ask for a password.\n"
        "If you do not open the letter within seven days, we send it on paper.\n",
    ),
}


class Undeliverable(Exception):
    """The mail server will never take this address."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`delivery` makes the Message-ID: the same letter is never a second e-mail to a server that knows it."""

    delivery: str
    to: str
    language: str


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server: `smtp://` (STARTTLS where it is offered) or `smtps://`, and from whom."""

    host: str
    port: int
    sender: str
    tls: bool = False
    user: str | None = None
    password: str | None = None


def server(address: str) -> Server:
    """The server of `smtp://user:password@host:port?from=post@felles.example`. Raises ValueError."""
    parts = urlsplit(address)
    sender = parse_qs(parts.query).get("from", [""])[-1]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender:
        raise ValueError("FELLES_SMTP must be smtp:// or smtps://, a host, perhaps a port, and ?from=an address")
    tls = parts.scheme == "smtps"
    names = [unquote(one) if one else None for one in (parts.username, parts.password)]
    return Server(parts.hostname, parts.port or (465 if tls else 587), sender, tls, *names)


def message(notice: Notice, sender: str, address: str) -> EmailMessage:
    """The e-mail (RFC 5322)."""
    subject, text = _WORDS[notice.language]
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, notice.to, subject
    made["Date"] = formatdate(usegmt=True)
    made["Message-ID"] = f"<{notice.delivery}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text.format(address=f"{address}/own/letters"))
    return made


def sending(given: Server, address: str) -> Callable[[Notice], Awaitable[None]]:
    """Sends notices by a mail server. What it raises: Undeliverable for a permanent refusal, OSError for what is worth
    trying again."""
    import aiosmtplib

    async def send(notice: Notice) -> None:
        if "@" not in notice.to:
            raise Undeliverable
        try:
            await aiosmtplib.send(
                message(notice, given.sender, address),
                hostname=given.host,
                port=given.port,
                username=given.user,
                password=given.password,
                use_tls=given.tls,
                timeout=20,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as error:
            refused = getattr(error, "recipients", [error])
            if all(500 <= one.code < 600 for one in refused):
                raise Undeliverable from error
            raise OSError("the mail server asks to try later") from error
        except aiosmtplib.SMTPException as error:
            raise OSError("the mail server is out of reach") from error

    return send
