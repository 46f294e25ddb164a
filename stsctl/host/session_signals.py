"""What logind says of this person's session: that it is locked, and that the machine goes to sleep.

Source: org.freedesktop.login1(5)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

_LOGIND = "org.freedesktop.login1"
_SESSION = f"{_LOGIND}.Session"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_PATIENCE = 5.0


def watch(told: Callable[[str], None]) -> None:
    """Calls `told`, with what happened, whenever somebody else may sit here from now on.

    Returns where there is no system bus, or it is gone; the clocks still tell of sleep then.
    """
    from jeepney.io.blocking import open_dbus_connection
    from jeepney.wrappers import DBusErrorResponse

    try:
        with open_dbus_connection(bus="SYSTEM") as connection:
            for rule in _rules():
                _subscribe(connection, rule)
            while True:
                happened = _meaning(connection.receive())
                if happened is not None:
                    told(happened)
    except (OSError, ValueError, KeyError, EOFError, DBusErrorResponse):
        return


def _rules() -> list[Any]:
    from jeepney import MatchRule

    properties = MatchRule(type="signal", sender=_LOGIND, interface=_PROPERTIES, member="PropertiesChanged")
    properties.add_arg_condition(0, _SESSION)
    return [
        MatchRule(type="signal", sender=_LOGIND, interface=f"{_LOGIND}.Manager", member="PrepareForSleep"),
        MatchRule(type="signal", sender=_LOGIND, interface=_SESSION, member="Lock"),
        properties,
    ]


def _subscribe(connection: DBusConnection, rule: Any) -> None:
    from jeepney import message_bus
    from jeepney.io.blocking import Proxy

    Proxy(message_bus, connection, timeout=_PATIENCE).AddMatch(rule)


def _meaning(message: Message) -> str | None:
    """What a signal means for the keys of this person; None: nothing."""
    from jeepney import HeaderFields, MessageType

    fields = message.header.fields
    if message.header.message_type is not MessageType.signal:
        return None
    member, body = fields.get(HeaderFields.member), message.body
    if member == "PrepareForSleep":
        return "the machine goes to sleep" if body == (True,) else None
    locked = member == "Lock" or (member == "PropertiesChanged" and body[1].get("LockedHint") == ("b", True))
    if locked and _is_ours(str(fields.get(HeaderFields.path))):
        return "the session is locked"
    return None


def _is_ours(path: str) -> bool:
    """Whether a session is this user's; one of which that cannot be told counts as theirs."""
    from jeepney import DBusAddress, MessageType, Properties
    from jeepney.io.blocking import open_dbus_connection

    address = DBusAddress(path, bus_name=_LOGIND, interface=_SESSION)
    try:
        # On a connection of its own: signals that came while an answer is waited for would be lost.
        with open_dbus_connection(bus="SYSTEM") as connection:
            reply = connection.send_and_get_reply(Properties(address).get("User"), timeout=_PATIENCE)
        if reply.header.message_type is not MessageType.method_return:
            return True
        _, (user, _) = reply.body[0]
    except (OSError, ValueError, IndexError, TypeError):
        return True
    return bool(user == os.getuid())
