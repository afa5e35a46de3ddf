"""OSC server: messages at a UDP port set the parameters of a playing patch, and changes are sent to a peer.

Several numbers, or an array, set one lane each. A message without arguments is a query; the value is sent to the
sender. An impulse (type ``I``) presses a button. A bundle is applied at its time tag; an invalid message in it does not
affect the others.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.engine.core import EngineError
from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.installation import install_command
from nodegraph.node import In, Option
from nodegraph.patch import Document, NodeRecord, nodes_of
from nodegraph.patch.errors import quote

from ..changes import ParameterChanges
from ..parameters import Parameter
from .addresses import (
    CONTROL,
    PATTERN,
    POSITION,
    AddressError,
    SettingTarget,
    address_of,
    addresses,
    matching_addresses,
    number,
    resolve,
    setting_value,
)
from .packets import IMPULSE, PacketError, messages_of, type_tags

LOOPBACK = "127.0.0.1"
MAX_BYTES = 65536  # largest datagram
BATCH_SIZE = 2000  # datagrams read before the first one is applied
BUFFER = 1 << 22  # bytes of the socket's receive buffer
METER = "meter"

Peer = tuple[str, int]


class OscError(Exception):
    """OSC is unavailable; the message is one line with the cause and the fix."""


class OscServer:
    """Sets the parameters of a patch from datagrams at a UDP port.

    Changed parameters and the levels of ``meter`` blocks are sent to ``send_to``. ``notify`` receives one line for
    each invalid message. Raises :class:`OscError` if the port is unavailable.
    """

    def __init__(
        self,
        parameter_changes: ParameterChanges,
        port: int,
        host: str = LOOPBACK,
        send_to: Peer | None = None,
        notify: Callable[[str], None] = print,
    ) -> None:
        self._messages, self._builders = _pythonosc()
        self._parameter_changes, self._notify = parameter_changes, notify
        self._socket = _bind_socket(host, port)
        self.host, self.port = self._socket.getsockname()[:2]
        self._peer = _resolve_host(*send_to) if send_to else None
        self._sent: Document | None = None
        self._meters: list[str] = []
        self._levels: dict[str, list[float]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="nodegraph-osc", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and close the socket."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2.0)
        self._socket.close()

    # -- in ------------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        while not self._stopping.is_set():
            try:
                ready = select.select([self._socket], [], [], 0.05)[0]
                arrived = self._fetch() if ready else []
            except OSError as error:  # the network is down
                self._notify(f"OSC at {self.host}:{self.port} stopped: {error.strerror}.")
                return
            self._parameter_changes.send_due()
            for data, sender in arrived:
                try:
                    self.on_datagram(data, sender)
                except Exception as error:  # a bug must not stop the server
                    self._notify(f"OSC message ignored: {type(error).__name__}: {error}")

    def _fetch(self) -> list[tuple[bytes, Peer]]:
        """Read all waiting datagrams before any is applied, because the system's buffer is small."""
        arrived: list[tuple[bytes, Peer]] = []
        while len(arrived) < BATCH_SIZE:
            try:
                arrived.append(self._socket.recvfrom(MAX_BYTES))
            except BlockingIOError:
                break
            except ConnectionResetError:  # Windows: a query was answered to a closed port
                continue
        return arrived

    def on_datagram(self, data: bytes, sender: Peer | None = None) -> None:
        """Apply a datagram: a message or a bundle."""
        try:
            messages = messages_of(data)
        except PacketError as error:
            self._notify_ignored("", data, sender, error)
            return
        now = time.time()
        for at, message in messages:
            try:
                tags, decoded = type_tags(message), None
                if tags != IMPULSE:
                    decoded = self._messages.OscMessage(message)
            except PacketError as error:
                self._notify_ignored("message of ", message, sender, error)
                continue
            except Exception as error:  # python-osc raises many types for invalid data
                self._notify_ignored("message of ", message, sender, type(error).__name__)
                continue
            delay = at - now if at else 0.0
            try:
                if decoded is None:
                    self._apply_impulse(message[: message.index(b"\0")].decode(), delay)
                else:
                    self._apply(decoded.address, list(_flattened(decoded)), delay, sender)
            except AddressError as error:
                self._notify(str(error))

    def _notify_ignored(self, what: str, data: bytes, sender: Peer | None, reason: object) -> None:
        self._notify(f"OSC: {what}{len(data)} bytes from {_peer_text(sender)} ignored: {reason}.")

    def _apply_impulse(self, address: str, delay: float) -> None:
        for match in self._matches(address):
            target, _ = self._target(match)
            if not isinstance(target, Parameter):
                raise AddressError(f"OSC {match}: a setting has no impulse. Send a value.")
            self._parameter_changes.pulse(target, self._sample(delay))

    def _apply(self, address: str, arguments: list[Any], delay: float, sender: Peer | None) -> None:
        for match in self._matches(address):
            if arguments:
                self._apply_values(match, arguments, delay)
            elif sender is not None:
                self._send(match, self._answer_query(match), sender)

    def _matches(self, address: str) -> list[str]:
        """Return the addresses that a pattern matches, or an address that is none."""
        if not PATTERN.search(address):
            return [address]
        changes = self._parameter_changes
        found = matching_addresses(
            address, addresses(changes.patch.document, changes.patch.path, changes.allow_outside)
        )
        if not found:
            raise AddressError(f"OSC {quote(address)}: no match in this patch.")
        return found

    def _sample(self, delay: float) -> int:
        """Return the sample of the engine in ``delay`` seconds, 0 for now."""
        engine = self._parameter_changes.engine
        return engine.clock + round(delay * engine.rate) if engine is not None and delay > 0 else 0

    def _target(self, address: str) -> tuple[Parameter | SettingTarget, str]:
        changes = self._parameter_changes
        return resolve(changes.patch.document, address, changes.patch.path, changes.allow_outside)

    def _apply_values(self, address: str, arguments: list[Any], delay: float) -> None:
        target, form = self._target(address)
        if isinstance(target, Parameter):
            values = [number(address, argument) for argument in arguments]
            if form == POSITION:
                values = [target.value(min(max(value, 0.0), 1.0)) for value in values]
            self._set_parameter(address, target, values, delay)
        elif len(arguments) == 1:
            value = setting_value(address, target, arguments[0])
            if isinstance(target.declared, Option) and not target.declared.accepts(value):
                value = self._clamped(address, target.declared, value)
            self._parameter_changes.set_setting(target.node, target.declared.name, value)
        else:
            raise AddressError(f"OSC {address}: a setting takes one value, got {len(arguments)}.")

    def _set_parameter(self, address: str, target: Parameter, values: list[float], delay: float) -> None:
        outside = [value for value in values if not target.declared.accepts(value)]
        if outside:
            self._clamped(address, target.declared, outside[0])
        at = self._sample(delay)
        lanes = len(self._parameter_changes.values(target.node, target.port))
        if len(values) == 1:
            done = self._parameter_changes.set_parameter(target, values[0], at)
        else:
            done = target.lane is None and len(values) == lanes
            for lane, value in enumerate(values) if done else ():
                self._parameter_changes.set_parameter(replace(target, lane=lane), value, at)
        if not done:
            raise AddressError(f"OSC {address}: {target.port_ref} has {lanes} {'value' if lanes == 1 else 'values'}.")

    def _clamped(self, address: str, declared: In | Option, value: float) -> float:
        """Return the nearest value in the range, and notify the user that the value was out of range."""
        nearest = declared.clamp(value)
        problem = declared.problem(value).partition(". ")[0].removesuffix(".")
        self._notify(f"OSC {address}: {problem}; set to {nearest:g}.")
        return nearest

    def _answer_query(self, address: str) -> list[Any]:
        target, form = self._target(address)
        if isinstance(target, SettingTarget):
            return [target.value if isinstance(target.value, str | int | float) else str(target.value)]
        if form == POSITION:
            return [target.position(self._parameter_changes.value(target))]
        return (
            [self._parameter_changes.value(target)]
            if target.lane is not None
            else self._parameter_changes.values(target.node, target.port)
        )

    # -- out -----------------------------------------------------------------------------------------------

    def send_changes(self) -> None:
        """Send parameters that changed since the last call, and meter levels. Call it about 20 times a second."""
        if self._peer is None:
            return
        document, before = self._parameter_changes.patch.document, self._sent
        if document is not before:
            old = dict(nodes_of(before)) if before is not None else {}
            for node, record in nodes_of(document):
                if record is not old.get(node):
                    self._send_changed(document, node, record, old.get(node))
            self._sent = document
            self._meters = [node for node, record in nodes_of(document) if record.type == METER]
        for node in self._meters:
            self._send_levels(node)

    def _send_changed(self, document: Document, node: str, record: NodeRecord, old: NodeRecord | None) -> None:
        for port in spec_of(
            record, PatchLocation(self._parameter_changes.patch.path, self._parameter_changes.allow_outside)
        ).inputs:
            if old is not None and old.params.get(port) == record.params.get(port):
                continue
            values = self._parameter_changes.values(node, port)
            self._send(address_of(*node.split("/"), port), values, self._peer)
            for control in document.controls.values():
                if control.target == f"{node}.{port}":
                    lane = values if control.lane is None else values[control.lane : control.lane + 1]
                    self._send(address_of(CONTROL, control.name), lane, self._peer)

    def _send_levels(self, node: str) -> None:
        engine = self._parameter_changes.engine
        for port in node_types()[METER].spec.outputs:
            try:
                values = [float(value) for value in engine.value(node, port)] if engine is not None else []
            except (EngineError, AssertionError):  # not in the current plan
                continue
            address = address_of(METER, *node.split("/"), port)
            if values and self._levels.get(address) != values:
                self._levels[address] = values
                self._send(address, values, self._peer)

    def _send(self, address: str, values: list[Any], peer: Peer | None) -> None:
        builder = self._builders.OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        if peer is None:
            return
        try:
            self._socket.sendto(builder.build().dgram, peer)
        except (OSError, OverflowError) as error:
            self._notify(f"OSC to {_peer_text(peer)} failed: {getattr(error, 'strerror', None) or error}.")


def _flattened(arguments: Iterable[Any]) -> Iterator[Any]:
    """Yield arguments, and those of arrays one by one."""
    for argument in arguments:
        if isinstance(argument, list):
            yield from _flattened(argument)
        else:
            yield argument


# -- the network ---------------------------------------------------------------------------------------------


def _pythonosc() -> tuple[ModuleType, ModuleType]:
    try:
        from pythonosc import osc_message, osc_message_builder
    except ImportError:
        raise OscError(f"python-osc is not installed: {install_command('nodegraph[osc]')}.") from None
    return osc_message, osc_message_builder


def _bind_socket(host: str, port: int) -> socket.socket:
    try:
        family, *_, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except OSError:
        raise OscError(f"OSC: '{host}' is not an address of this machine. Use one such as 127.0.0.1.") from None
    found = socket.socket(family, socket.SOCK_DGRAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        found.bind(where)
    except (OSError, OverflowError) as error:
        found.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise OscError(f"OSC port {host}:{port} is unavailable: {reason}. Choose another port.") from None
    found.setblocking(False)
    return found


def _resolve_host(host: str, port: int) -> Peer:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][:2]  # type: ignore[return-value]
    except (OSError, OverflowError):
        raise OscError(f"OSC peer '{host}:{port}' not found. Check the host name and the port.") from None


def _peer_text(peer: Peer | None) -> str:
    return f"{peer[0]}:{peer[1]}" if peer else "an unknown sender"
