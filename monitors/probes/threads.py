"""Calls that can only block, each on a thread of its own, awaited by a loop.

A pool would let a few slow resolvers hold up every other check, and would be waited for when the process ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Value = TypeVar("Value")


async def in_thread(call: Callable[[], Value], *, name: str) -> Value:
    """Return what `call` returns, or raise what it raises. Cancelled, it goes on by itself and nobody listens."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Value] = loop.create_future()

    def work() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who waits
            _tell(loop, _fail, answer, error)
        else:
            _tell(loop, _succeed, answer, value)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await answer


def _tell(loop: asyncio.AbstractEventLoop, how: Callable[..., None], answer: asyncio.Future[Any], what: Any) -> None:
    try:
        loop.call_soon_threadsafe(how, answer, what)
    except RuntimeError:
        return  # the loop was closed meanwhile, and the check with it


def _succeed(answer: asyncio.Future[Any], value: Any) -> None:
    if not answer.done():
        answer.set_result(value)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
