"""Faults of a connection in words: what happened, and what to do about it."""

from __future__ import annotations

import ssl
from typing import Final

import aiohttp

from moorage.model.errors import StoreUnreachable

LASTING: Final = frozenset({"certificate", "plain http", "tls", "not http", "too long"})
"""Causes that a repeat does not cure."""
UNSENT: Final = frozenset({"dns", "refused", "unreachable", "connect timeout"})
"""Causes that say: the server never saw the request."""
_PROXY_ADVICE = "Check host and port, and that a firewall or proxy lets the machine that runs Moorage through."


def fault_of(error: BaseException, place: str) -> StoreUnreachable:
    """The error for a failed exchange with ``place`` (host and port)."""
    cause, message, advice = _words(error, place)
    return StoreUnreachable(message, advice, cause=cause)


def _words(error: BaseException, place: str) -> tuple[str, str, str]:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return (
                "dns",
                f"There is no host {place.rpartition(':')[0] or place}: its name cannot be found.",
                "Check its spelling, and that the machine that runs Moorage can look names up.",
            )
        case aiohttp.ClientConnectorCertificateError():
            return (
                "certificate",
                f"The certificate of {place} is not trusted: {_certificate(error)}.",
                "Give the certificate of the authority that signed it (a PEM file), or the host name that it is for.",
            )
        case aiohttp.ClientSSLError():
            return _tls(error, place)
        case aiohttp.ConnectionTimeoutError():
            return "connect timeout", f"No connection to {place} came about in time.", _PROXY_ADVICE
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return (
                "refused",
                f"Nothing listens at {place}.",
                "Check host and port, and that the server there runs.",
            )
        case aiohttp.ClientConnectorError():
            return (
                "unreachable",
                f"{place} cannot be reached: {error.os_error.strerror or error.os_error}.",
                _PROXY_ADVICE,
            )
        case aiohttp.ClientResponseError():
            return (
                "not http",
                f"{place} does not answer in HTTP.",
                ("Check port and scheme of the endpoint: an https server may have been asked in plain http."),
            )
        case TimeoutError():
            return "timeout", f"{place} sent or took no byte for too long.", "Try again; is the server overloaded?"
        case _:
            return (
                "dropped",
                f"{place} closed the connection before it answered.",
                ("Try again; where it happens every time, an https server may have been asked in plain http."),
            )


def _certificate(error: aiohttp.ClientConnectorCertificateError) -> str:
    reason = error.certificate_error
    return reason.verify_message if isinstance(reason, ssl.SSLCertVerificationError) else str(reason)


def _tls(error: aiohttp.ClientSSLError, place: str) -> tuple[str, str, str]:
    reason = getattr(error.os_error, "reason", None) or str(error.os_error)
    if reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}:
        return (
            "plain http",
            f"{place} answers in plain http, not https.",
            f"Write the server as http://{place}, or name the port that speaks TLS.",
        )
    return "tls", f"No TLS connection to {place}: {reason}.", "Check that the endpoint speaks TLS 1.2 or later."
