"""The patient's mailbox with a real mail server: what a notice says, what is sent, and what goes on paper."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from felles import app
from felles.delivery.act import opened, sign
from felles.delivery.letter import channel_of, state_of
from felles.delivery.mailbox import Send, turn
from felles.delivery.notice import sending, server
from felles.delivery.state import State
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import MAIL, NOW, fill, order

pytestmark = pytest.mark.anyio
DAY = 86_400_000_000


class Post:
    """A mail server that keeps what it takes; `refuses` is what it answers to each address."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refuses = ""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.taken.append(found)
        return "250 OK"


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post()
    made.controller.start()
    yield made
    made.controller.stop()


@pytest.fixture
def send(post: Post) -> Send:
    return sending(server(f"smtp://127.0.0.1:{post.port}?from=post@felles.example"), "https://felles.example")


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


async def written(record: Record, patient: str = "anna") -> str:
    """A letter to the patient. Returns the id of the delivery."""
    mine, who = await consenting.staff(record, "nurse")
    letter = await sign(mine, who, order(patient), NOW)
    asked = [("part-of", f"Composition/{letter}"), ("recipient", f"Patient/{patient}")]
    return str((await record.resources("Communication", asked))[0]["id"])


async def stands(record: Record, id: str) -> tuple[str, State]:
    found = await record.resource("Communication", id)
    return channel_of(found).value, state_of(found)


async def test_a_letter_is_sent_when_the_mail_server_has_the_notice_which_says_nothing(
    record: Record, post: Post, send: Send
) -> None:
    id = await written(record)
    await turn(record, None, NOW)
    assert await stands(record, id) == ("mailbox", State.HANDED) and post.taken == []
    await turn(record, send, NOW)
    assert await stands(record, id) == ("mailbox", State.SENT)
    await turn(record, send, NOW)
    (notice,) = post.taken
    said = f"{notice['Subject']} {notice['From']} {notice.get_content()}"
    assert "https://felles.example/own/letters" in said and notice["To"] == MAIL[0]["value"]
    assert not [word for word in ("Anna", "Berg", "Senge", "kne", "1. desember") if word in said]
    mine, me = consenting.patient(record, "anna")
    await opened(mine, me, id, NOW)
    assert await stands(record, id) == ("mailbox", State.DELIVERED)
    assert await turn(record, send, NOW + 30 * DAY) == 0


async def test_a_mail_server_that_asks_to_wait_is_asked_again(record: Record, post: Post, send: Send) -> None:
    id = await written(record)
    post.refuses = "450 try later"
    await turn(record, send, NOW)
    assert await stands(record, id) == ("mailbox", State.HANDED)
    post.refuses = ""
    await turn(record, send, NOW)
    assert await stands(record, id) == ("mailbox", State.SENT)


async def test_an_address_that_is_refused_for_good_makes_it_paper(record: Record, post: Post, send: Send) -> None:
    id = await written(record)
    post.refuses = "550 no such mailbox"
    await turn(record, send, NOW)
    assert await stands(record, id) == ("print", State.QUEUED)
    assert post.taken == []


async def test_a_server_that_is_out_of_reach_loses_nothing(record: Record) -> None:
    id = await written(record)
    away = sending(server("smtp://127.0.0.1:1?from=post@felles.example"), "https://felles.example")
    await turn(record, away, NOW)
    assert await stands(record, id) == ("mailbox", State.HANDED)


async def test_what_is_not_opened_in_time_goes_on_paper(record: Record, send: Send) -> None:
    id = await written(record)
    await turn(record, send, NOW)
    made = (await record.read("Communication", id)).updated
    await turn(record, send, made + 6 * DAY)
    assert await stands(record, id) == ("mailbox", State.SENT)
    await turn(record, send, made + 9 * DAY)
    assert await stands(record, id) == ("print", State.QUEUED)
    told = await record.resource("Communication", id)
    assert told["statusReason"]["text"] == "ikke åpnet i tide" and "sent" not in told


@pytest.mark.parametrize("wrong", ["felles.example", "smtp://host", "http://host?from=a@b.example"])
def test_a_mail_server_that_cannot_be_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match="FELLES_SMTP"):
        server(wrong)
