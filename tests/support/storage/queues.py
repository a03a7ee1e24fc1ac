"""Queues in the process itself, as far as the app and its host ask for them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape

from tests.support.storage.answers import Answer, Asked, RefusedError, UnknownError, header, tag, xml

_TEXT = re.compile(rb"<MessageText>(.*)</MessageText>", re.DOTALL)
_LIFE = timedelta(days=7)


@dataclass
class _Message:
    id: str
    text: str
    sent: datetime
    visible: datetime
    receipt: str = ""
    dequeued: int = 0


@dataclass
class Queues:
    """The queues of an account.

    Attributes:
        now: the time.
    """

    now: Callable[[], datetime]
    _queues: dict[str, list[_Message]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def answer(self, asked: Asked) -> Answer:
        """Do what a request asks for.

        Raises:
            RefusedError: it cannot be done.
            UnknownError: nobody has asked for that yet.
        """
        name, *more = asked.names
        if not more and asked.method == "PUT" and not asked.query:
            self._queues.setdefault(name, [])
            return Answer(201)
        if name not in self._queues:
            raise RefusedError(404, "QueueNotFound")
        if not more and asked.method == "DELETE":
            del self._queues[name]
            return Answer(204)
        messages = self._queues[name]
        if not more and (asked.method, asked.query.get("comp")) == ("GET", "metadata"):
            return Answer(200, {"x-ms-approximate-messages-count": str(len(messages))})
        if more == ["messages"] and asked.method == "POST":
            return self._send(messages, asked)
        if more == ["messages"] and asked.method == "GET":
            return self._receive(messages, asked)
        if more == ["messages"] and asked.method == "DELETE":
            messages.clear()
            return Answer(204)
        if more and more[0].startswith("messages/"):
            return self._change(messages, more[0].partition("/")[2], asked)
        raise UnknownError(f"{asked.method} of {asked.names} with {asked.query}")

    def _send(self, messages: list[_Message], asked: Asked) -> Answer:
        visible = self.now() + timedelta(seconds=int(asked.query.get("visibilitytimeout", 0)))
        message = _Message(str(_number(next(self._numbers))), _text(asked.body), self.now(), visible, self._receipt())
        messages.append(message)
        return Answer(201, *_list([message], with_text=False))

    def _receive(self, messages: list[_Message], asked: Asked) -> Answer:
        now, most = self.now(), int(asked.query.get("numofmessages", 1))
        found = sorted((one for one in messages if one.visible <= now), key=lambda one: one.visible)[:most]
        if asked.query.get("peekonly") != "true":
            for message in found:
                message.visible = now + timedelta(seconds=int(asked.query.get("visibilitytimeout", 30)))
                message.receipt = self._receipt()
                message.dequeued += 1
        return Answer(200, *_list(found, with_text=True))

    def _change(self, messages: list[_Message], name: str, asked: Asked) -> Answer:
        message = next((one for one in messages if one.id == name), None)
        if message is None:
            raise RefusedError(404, "MessageNotFound")
        if message.receipt != asked.query.get("popreceipt"):
            raise RefusedError(400, "PopReceiptMismatch")
        if asked.method == "DELETE":
            messages.remove(message)
            return Answer(204)
        if asked.method != "PUT":
            raise UnknownError(f"{asked.method} of a message")
        if asked.body:
            message.text = _text(asked.body)
        message.visible = self.now() + timedelta(seconds=int(asked.query["visibilitytimeout"]))
        message.receipt = self._receipt()
        return Answer(204, {"x-ms-popreceipt": message.receipt, "x-ms-time-next-visible": header(message.visible)})

    def _receipt(self) -> str:
        return f"receipt-{next(self._numbers)}"


def _number(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _text(body: bytes) -> str:
    found = _TEXT.search(body)
    return unescape(found[1].decode()) if found else ""


def _list(messages: list[_Message], *, with_text: bool) -> tuple[dict[str, str], bytes]:
    def one(message: _Message) -> str:
        parts = [
            tag("MessageId", message.id),
            tag("InsertionTime", header(message.sent)),
            tag("ExpirationTime", header(message.sent + _LIFE)),
            tag("PopReceipt", message.receipt),
            tag("TimeNextVisible", header(message.visible)),
        ]
        parts += [tag("DequeueCount", message.dequeued), tag("MessageText", message.text)] if with_text else []
        return f"<QueueMessage>{''.join(parts)}</QueueMessage>"

    return xml(f"<QueueMessagesList>{''.join(map(one, messages))}</QueueMessagesList>")
